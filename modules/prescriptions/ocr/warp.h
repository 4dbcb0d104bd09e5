/* One bilinear warp that deskews, rectifies and scales a picture so that its table is an upright rectangle. */
#ifndef DASTERN_OCR_WARP_H
#define DASTERN_OCR_WARP_H

#include <leptonica/allheaders.h>

/* `corners`: of the table on `grey` (top left, top right, bottom right, bottom left). Returns the rectified picture, the table
 * about 2000 px wide; NULL when the corners make no sensible shape. */
PIX *warp_rectify(PIX *grey, const double corners[4][2]);

#endif
