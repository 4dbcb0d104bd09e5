/* Where a photo holds coloured ink: what stamps, signatures and pens add to the black print. */
#ifndef DASTERN_OCR_COLOURS_H
#define DASTERN_OCR_COLOURS_H

#include "ocr.h"
#include "warp.h"

/* A small copy of a decoded picture, which is all that the map needs; NULL for a grey picture. The caller owns it. */
PIX *colours_sample(PIX *decoded);

/* How coloured each part of a sample is, 8 bits a pixel: 0 for grey and for whatever tint the paper has. Frees the sample,
 * which may be NULL. The caller owns the map. */
PIX *colours_map(PIX *sample);

/* How saturated the print itself is, 0..1: what is dark inside `table` on the rectified picture. */
double colours_of_print(const struct warp_map *colours, PIX *grey, const struct ocr_box *table);

/* Makes ink that is clearly more coloured than the print as bright as the paper, in a part of the rectified picture whose upper
 * left corner lies at x, y. Returns the share of its pixels that were changed. */
double colours_fade(const struct warp_map *colours, double print, PIX *part, int x, int y);

#endif
