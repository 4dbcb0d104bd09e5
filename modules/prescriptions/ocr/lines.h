/* Own text line finding inside a cell: Tesseract's page layout drops short words that stand alone in white. */
#ifndef DASTERN_OCR_LINES_H
#define DASTERN_OCR_LINES_H

#include "engine.h"

enum { LINES_MAX = 8 };

/* The boxes of the text lines in a grey crop, from the top. Returns how many. */
int lines_find(PIX *crop, struct ocr_box lines[LINES_MAX]);

/* One line cut out tightly with a white border of `border` px; the caller owns it. */
PIX *lines_cut(PIX *crop, const struct ocr_box *line, int border);

/* Reads all lines one by one as raw lines; the texts joined by spaces (or '\n'). Returns the mean confidence. */
double lines_read(struct engine *engine, enum engine_tongue tongue, PIX *crop, char separator, char *out, size_t size);

#endif
