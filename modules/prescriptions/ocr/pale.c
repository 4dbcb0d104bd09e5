/* What is left of a pale stroke after the page was made evenly white is often nothing: the map keeps every level, and a cell is
 * compared with its own paper and that paper's own noise. */
#include "pale.h"

#include <math.h>

enum {
    MAP_SIDE = 1000,  /* px, the shorter side of the map at most */
    WHITE = 230,      /* level that the paper is brought to */
    STEP = 2,         /* px of the rectified picture for each of the crop that is looked at */
    EDGE = 5,         /* px at the crop's edge in which the table's lines lie */
    DARKER_MIN = 4,   /* levels below the paper that a mark has at least */
};
static const double NOISES = 3; /* deviations of the paper's noise that a mark is darker */

static l_uint32 *line_of(PIX *pix, int y) { return pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix); }

/* The darkest of the three colours: yellow is dark in blue light. */
static PIX *darkest(PIX *colour)
{
    int w = pixGetWidth(colour), h = pixGetHeight(colour);
    PIX *out = pixCreate(w, h, 8);
    for (int y = 0; out && y < h; y++) {
        const l_uint32 *from = line_of(colour, y);
        l_uint32 *to = line_of(out, y);
        for (int x = 0; x < w; x++) {
            l_uint32 r = from[x] >> 24, g = from[x] >> 16 & 255, b = from[x] >> 8 & 255, least = r < g ? r : g;
            SET_DATA_BYTE(to, x, (l_uint8)(least < b ? least : b));
        }
    }
    return out;
}

PIX *pale_map(PIX *decoded)
{
    int w = pixGetWidth(decoded), h = pixGetHeight(decoded), shorter = w < h ? w : h;
    float scale = shorter > MAP_SIDE ? (float)MAP_SIDE / (float)shorter : 1;
    PIX *small = scale < 1 ? pixScaleAreaMap(decoded, scale, scale) : pixClone(decoded);
    PIX *grey = !small ? NULL : pixGetDepth(small) == 32 ? darkest(small) : pixClone(small);
    PIX *even = grey ? pixBackgroundNorm(grey, NULL, NULL, 16, 24, 80, 100, WHITE, 2, 2) : NULL;
    pixDestroy(&small);
    pixDestroy(&grey);
    return even;
}

static PIX *crop_of(const struct warp_map *pale, const struct ocr_box *cell)
{
    int w = cell->w / STEP, h = cell->h / STEP;
    PIX *crop = w > 4 * EDGE && h > 4 * EDGE ? pixCreate(w, h, 8) : NULL;
    for (int v = 0; crop && v < h; v++)
        for (int u = 0; u < w; u++)
            pixSetPixel(crop, u, v, (l_uint32)warp_map_at(pale, cell->x + u * STEP, cell->y + v * STEP, WHITE));
    PIX *smooth = crop ? pixBlockconv(crop, 1, 1) : NULL;
    pixDestroy(&crop);
    return smooth;
}

/* The level below which a pixel is no paper. */
static int mark_level(PIX *crop)
{
    float paper = 0, low = 0;
    NUMA *histogram = pixGetGrayHistogram(crop, 1);
    if (!histogram) return 0;
    numaHistogramGetValFromRank(histogram, 0.5f, &paper);
    numaHistogramGetValFromRank(histogram, 0.2f, &low); /* half of the noise lies between the two, unless it is a mark */
    numaDestroy(&histogram);
    double noise = fmin((paper - low) / 0.84, 3);
    return (int)(paper - fmax(DARKER_MIN, NOISES * noise));
}

/* Where lines of the table cross the edge, they and what touches them is not looked at. */
static bool is_mark(const BOX *box, int w, int h, int digit_height)
{
    bool inside = box->x > EDGE && box->y > EDGE && box->x + box->w < w - EDGE && box->y + box->h < h - EDGE;
    return inside && box->h * 100 > digit_height * 55 && box->h < 2 * digit_height && box->w < 3 * digit_height;
}

bool pale_has_mark(const struct warp_map *pale, const struct ocr_box *cell, int digit_height)
{
    PIX *crop = pale->map ? crop_of(pale, cell) : NULL, *ink = crop ? pixThresholdToBinary(crop, mark_level(crop)) : NULL;
    BOXA *boxes = ink ? pixConnCompBB(ink, 8) : NULL;
    bool found = false;
    for (int i = 0; boxes && i < boxaGetCount(boxes) && !found; i++) {
        BOX *box = boxaGetBox(boxes, i, L_CLONE);
        found = is_mark(box, pixGetWidth(crop), pixGetHeight(crop), digit_height / STEP);
        boxDestroy(&box);
    }
    boxaDestroy(&boxes);
    pixDestroy(&ink);
    pixDestroy(&crop);
    return found;
}
