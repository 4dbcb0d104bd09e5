/* Tables without lines: words clustered under their headings. Everything read this way is unsure. */
#ifndef DASTERN_OCR_BORDERLESS_H
#define DASTERN_OCR_BORDERLESS_H

#include "engine.h"
#include "lexicon.h"

/* Reads an upright prepared picture. Fills rows (all unsure) and returns the deskewed picture their boxes refer to; NULL when no line of
 * headings with at least three slot words was found. */
PIX *borderless_read(struct engine *engine, const struct lexicon *lexicon, PIX *grey, struct ocr_draft *draft);

#endif
