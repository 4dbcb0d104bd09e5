/* What the paper lies on: dark grain in which a reader would see words. */
#ifndef DASTERN_OCR_DESK_H
#define DASTERN_OCR_DESK_H

#include <leptonica/allheaders.h>
#include <stdbool.h>

/* Whitens, on 8 bit grey, dark areas much larger than letters that reach the rim of `part`, and all that lies beyond them.
 * `part` is what stands above a table, or else below it. */
void desk_whiten(PIX *part, bool above);

#endif
