/* Marks too pale to count as print: a hard pencil, worn thermal paper, a light marker pen. They cannot be read, but a cell that
 * holds one is not empty. */
#ifndef DASTERN_OCR_PALE_H
#define DASTERN_OCR_PALE_H

#include "ocr.h"
#include "warp.h"

/* A small copy of a decoded picture in which any ink, of whatever colour, is darker than the paper; 8 bits a pixel. NULL without
 * memory. The caller owns it. */
PIX *pale_map(PIX *decoded);

/* Whether a cell of the rectified picture holds a mark as tall as a digit, however pale. A map of NULL knows of none. */
bool pale_has_mark(const struct warp_map *pale, const struct ocr_box *cell, int digit_height);

#endif
