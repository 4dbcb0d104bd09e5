/* One bilinear warp that deskews, rectifies and scales a picture so that its table is an upright rectangle. */
#ifndef DASTERN_OCR_WARP_H
#define DASTERN_OCR_WARP_H

#include <leptonica/allheaders.h>
#include <stdbool.h>

/* The way from the rectified picture, which is width x height px, back to the photographed one. */
struct warp { double back[8]; int width, height; };

/* `corners`: of the table on a picture of w x h px (top left, top right, bottom right, bottom left). The table becomes about
 * 2000 px wide. False when the corners make no sensible shape. */
bool warp_plan(int w, int h, const double corners[4][2], struct warp *out);

/* The rectified picture of 8 bit grey; NULL without memory. The caller owns it. */
PIX *warp_render(PIX *grey, const struct warp *warp);

/* Where on the photographed picture the point u, v of the rectified one comes from. */
void warp_back(const struct warp *warp, double u, double v, double *x, double *y);

/* A small map of the photographed picture, 8 bits a pixel, as it is asked at points of the rectified one: `warp` leads back to the
 * prepared picture, which is `width` px wide. */
struct warp_map { PIX *map; const struct warp *warp; int width; };

/* What the map holds for the point u, v of the rectified picture; `outside` beyond its edges. */
int warp_map_at(const struct warp_map *map, double u, double v, int outside);

#endif
