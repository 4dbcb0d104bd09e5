/* The table's corners from its cells: by the lines along its sides, or by the cells that reach farthest. */
#include "corners.h"

#include <math.h>
#include <stdlib.h>

enum { HOLES_MAX = 512, SIDE_CELLS_MAX = 60 };

enum { SIDE_TOP, SIDE_RIGHT, SIDE_BOTTOM, SIDE_LEFT };

struct box_list { int x[HOLES_MAX], y[HOLES_MAX], w[HOLES_MAX], h[HOLES_MAX], count; };

/* Whether no other hole lies beyond this one on the given side. */
static bool is_outermost(const struct box_list *b, int i, int side)
{
    bool level = side == SIDE_LEFT || side == SIDE_RIGHT;
    for (int j = 0; j < b->count; j++) {
        int from = level ? b->y[i] : b->x[i], size = level ? b->h[i] : b->w[i];
        int other = level ? b->y[j] : b->x[j], other_size = level ? b->h[j] : b->w[j];
        int overlap = (from + size < other + other_size ? from + size : other + other_size) - (from > other ? from : other);
        if (j == i || 2 * overlap < (size < other_size ? size : other_size)) continue;
        int here = level ? 2 * b->x[i] + b->w[i] : 2 * b->y[i] + b->h[i], there = level ? 2 * b->x[j] + b->w[j] : 2 * b->y[j] + b->h[j];
        if (side == SIDE_LEFT || side == SIDE_TOP ? there < here : there > here) return false;
    }
    return true;
}

/* How far in from a side the hole begins, on the scan line `at` along that side. */
static int edge_depth(PIX *mask, int side, int at)
{
    bool level = side == SIDE_LEFT || side == SIDE_RIGHT;
    int w = pixGetWidth(mask), h = pixGetHeight(mask), reach = level ? w : h;
    for (int d = 0; d < reach; d++) {
        l_uint32 on = 0;
        int in = side == SIDE_RIGHT || side == SIDE_BOTTOM ? reach - 1 - d : d;
        pixGetPixel(mask, level ? in : at, level ? at : in, &on);
        if (on) return d;
    }
    return reach;
}

/* Where a hole ends on one side, at the middle of that side: its box is too large when the page is tilted. Words may begin
 * right at the line, so pairs of scan lines around the middle are tried: their mean is free of the tilt, and words only make it
 * larger. */
static double edge_at_middle(PIX *mask, int side)
{
    bool level = side == SIDE_LEFT || side == SIDE_RIGHT;
    int w = pixGetWidth(mask), h = pixGetHeight(mask), size = level ? h : w, reach = level ? w : h;
    double least = reach;
    for (int k = 0; k <= size * 4 / 10; k++) {
        double depth = (edge_depth(mask, side, size / 2 - k) + edge_depth(mask, side, (size - 1) / 2 + k)) / 2.0;
        if (depth < least) least = depth;
    }
    return side == SIDE_RIGHT || side == SIDE_BOTTOM ? reach - 1 - least : least;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_doubles);
    return values[count / 2];
}

struct line { double slope, offset; }; /* v = offset + slope * u; u runs along the side */

/* The line most points agree on (Theil and Sen: medians of slopes and offsets): cells that were not found leave their inner
 * neighbours as outliers. False: fewer than two points. */
static bool fit_line(const double u[], const double v[], int count, struct line *line)
{
    static double slopes[SIDE_CELLS_MAX * SIDE_CELLS_MAX];
    double offsets[SIDE_CELLS_MAX];
    int n = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < i; j++)
            if (fabs(u[i] - u[j]) > 8) slopes[n++] = (v[i] - v[j]) / (u[i] - u[j]);
    if (n == 0) return false;
    line->slope = median_of(slopes, n);
    for (int i = 0; i < count; i++) offsets[i] = v[i] - line->slope * u[i];
    line->offset = median_of(offsets, count);
    return true;
}

static bool fit_side(const struct grid_holes *holes, const struct box_list *b, int side, struct line *line)
{
    double u[SIDE_CELLS_MAX], v[SIDE_CELLS_MAX];
    int n = 0;
    bool level = side == SIDE_LEFT || side == SIDE_RIGHT;
    for (int i = 0; i < b->count && n < SIDE_CELLS_MAX; i++) {
        if (!is_outermost(b, i, side)) continue;
        PIX *mask = pixaGetPix(holes->masks, i, L_CLONE);
        double edge = edge_at_middle(mask, side);
        pixDestroy(&mask);
        u[n] = level ? b->y[i] + b->h[i] / 2.0 : b->x[i] + b->w[i] / 2.0;
        v[n++] = edge + (level ? b->x[i] : b->y[i]);
    }
    return fit_line(u, v, n, line);
}

/* Where a level line (y of x) meets an upright one (x of y). */
static void intersect(const struct line *level, const struct line *upright, double corner[2])
{
    corner[0] = (upright->offset + upright->slope * level->offset) / (1 - upright->slope * level->slope);
    corner[1] = level->offset + level->slope * corner[0];
}

bool corners_by_lines(const struct grid_holes *holes, double corners[4][2])
{
    static struct box_list b;
    struct line sides[4];
    b.count = 0;
    for (int i = 0; i < boxaGetCount(holes->boxes) && i < HOLES_MAX; i++, b.count++)
        boxaGetBoxGeometry(holes->boxes, i, &b.x[i], &b.y[i], &b.w[i], &b.h[i]);
    for (int side = 0; side < 4; side++)
        if (!fit_side(holes, &b, side, &sides[side])) return false;
    intersect(&sides[SIDE_TOP], &sides[SIDE_LEFT], corners[0]);
    intersect(&sides[SIDE_TOP], &sides[SIDE_RIGHT], corners[1]);
    intersect(&sides[SIDE_BOTTOM], &sides[SIDE_RIGHT], corners[2]);
    intersect(&sides[SIDE_BOTTOM], &sides[SIDE_LEFT], corners[3]);
    return true;
}

static void stretch_corners(double corners[4][2], double reach[4], double x, double y)
{
    const double along[4] = { -x - y, x - y, x + y, y - x };
    for (int k = 0; k < 4; k++) {
        if (along[k] <= reach[k]) continue;
        reach[k] = along[k];
        corners[k][0] = x;
        corners[k][1] = y;
    }
}

void corners_by_reach(const struct grid_holes *holes, double corners[4][2])
{
    double reach[4] = { -1e9, -1e9, -1e9, -1e9 };
    for (int i = 0; i < boxaGetCount(holes->boxes); i++) {
        l_int32 x, y, w, h;
        boxaGetBoxGeometry(holes->boxes, i, &x, &y, &w, &h);
        PIX *mask = pixaGetPix(holes->masks, i, L_CLONE);
        for (int row = 0; row < h; row++) {
            const l_uint32 *line = pixGetData(mask) + (size_t)row * (size_t)pixGetWpl(mask);
            int first = 0, last = w - 1;
            while (first < w && !GET_DATA_BIT(line, first)) first++;
            while (last > first && !GET_DATA_BIT(line, last)) last--;
            if (first == w) continue;
            stretch_corners(corners, reach, x + first, y + row);
            stretch_corners(corners, reach, x + last, y + row);
        }
        pixDestroy(&mask);
    }
}
