/* Warm Tesseract handles: English, French, Khmer with English, and Khmer alone. */
#ifndef DASTERN_OCR_ENGINE_H
#define DASTERN_OCR_ENGINE_H

#include "ocr.h"

#include <leptonica/allheaders.h>

struct engine;

/* eng | fra: another model, with accents | khm+eng | khm: where khm+eng takes Khmer for Latin letters */
enum engine_tongue { TONGUE_LATIN, TONGUE_FRENCH, TONGUE_KHMER, TONGUE_KHMER_ALONE, TONGUE_COUNT };
enum engine_shape { SHAPE_BLOCK = 6, SHAPE_LINE = 7, SHAPE_WORD = 8, SHAPE_CHAR = 10, SHAPE_RAW_LINE = 13, SHAPE_COLUMN = 4 };

/* NULL: a model is missing. */
struct engine *engine_new(const struct ocr_reader_options *options);
void engine_free(struct engine *engine);

/* Reads grey pixels. Text (tidied, line breaks as '\n' kept with `lines`) goes to out; returns the confidence 0..1, 0 for nothing. */
double engine_read(struct engine *engine, enum engine_tongue tongue, enum engine_shape shape, PIX *grey, bool lines,
                   char *out, size_t size);

/* A word on the page with its place on the picture given. */
struct engine_word { char text[96]; double confidence; struct ocr_box box; int line; };

/* Reads all words of a picture in reading order; returns how many were written. */
int engine_words(struct engine *engine, enum engine_tongue tongue, enum engine_shape shape, PIX *grey,
                 struct engine_word *words, int max);

#endif
