/* The homography from four corners, and the warp. */
#include "warp.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { TABLE_WIDTH = 2000, OUTPUT_PIXELS_MAX = 6500000 };
#define SCALE_MAX 2.6

/* Solves the projective map that takes src[i] to dst[i]: u = (m0 x + m1 y + m2) / (m6 x + m7 y + 1). False: degenerate. */
static bool solve(const double src[4][2], const double dst[4][2], double out[8])
{
    double m[8][9];
    for (int i = 0; i < 4; i++) {
        double x = src[i][0], y = src[i][1], u = dst[i][0], v = dst[i][1];
        const double a[9] = { x, y, 1, 0, 0, 0, -u * x, -u * y, u }, b[9] = { 0, 0, 0, x, y, 1, -v * x, -v * y, v };
        memcpy(m[2 * i], a, sizeof a);
        memcpy(m[2 * i + 1], b, sizeof b);
    }
    for (int c = 0; c < 8; c++) {
        int best = c;
        for (int r = c + 1; r < 8; r++)
            if (fabs(m[r][c]) > fabs(m[best][c])) best = r;
        if (fabs(m[best][c]) < 1e-9) return false;
        for (int k = 0; k < 9; k++) {
            double t = m[c][k];
            m[c][k] = m[best][k];
            m[best][k] = t;
        }
        for (int r = 0; r < 8; r++) {
            double f = r == c ? 0 : m[r][c] / m[c][c];
            for (int k = c; k < 9; k++) m[r][k] -= f * m[c][k];
        }
    }
    for (int i = 0; i < 8; i++) out[i] = m[i][8] / m[i][i];
    return true;
}

static void apply(const double m[8], double x, double y, double *u, double *v)
{
    double d = m[6] * x + m[7] * y + 1;
    *u = (m[0] * x + m[1] * y + m[2]) / d;
    *v = (m[3] * x + m[4] * y + m[5]) / d;
}

static double distance(const double a[2], const double b[2]) { return hypot(a[0] - b[0], a[1] - b[1]); }

static l_uint8 sample(l_uint32 *const *lines, int w, int h, double x, double y)
{
    if (x < 0 || y < 0 || x >= w - 1 || y >= h - 1) return 255;
    int xi = (int)x, yi = (int)y, fx = (int)((x - xi) * 256), fy = (int)((y - yi) * 256);
    const l_uint32 *a = lines[yi], *b = lines[yi + 1];
    int top = (int)GET_DATA_BYTE(a, xi) * (256 - fx) + (int)GET_DATA_BYTE(a, xi + 1) * fx;
    int low = (int)GET_DATA_BYTE(b, xi) * (256 - fx) + (int)GET_DATA_BYTE(b, xi + 1) * fx;
    return (l_uint8)((top * (256 - fy) + low * fy) >> 16);
}

void warp_back(const struct warp *warp, double u, double v, double *x, double *y) { apply(warp->back, u, v, x, y); }

int warp_map_at(const struct warp_map *map, double u, double v, int outside)
{
    double scale = (double)pixGetWidth(map->map) / map->width, from_x, from_y;
    warp_back(map->warp, u, v, &from_x, &from_y);
    int x = (int)floor(from_x * scale), y = (int)floor(from_y * scale);
    if (x < 0 || y < 0 || x >= pixGetWidth(map->map) || y >= pixGetHeight(map->map)) return outside;
    const l_uint32 *line = pixGetData(map->map) + (size_t)y * (size_t)pixGetWpl(map->map);
    return (int)GET_DATA_BYTE(line, x);
}

PIX *warp_render(PIX *grey, const struct warp *warp)
{
    int out_w = warp->width, out_h = warp->height;
    PIX *out = pixCreate(out_w, out_h, 8);
    l_uint32 **lines = (l_uint32 **)pixGetLinePtrs(grey, NULL);
    int w = pixGetWidth(grey), h = pixGetHeight(grey);
    for (int v = 0; out && lines && v < out_h; v++) {
        l_uint32 *line = pixGetData(out) + (size_t)v * (size_t)pixGetWpl(out);
        for (int u = 0; u < out_w; u++) {
            double x, y;
            apply(warp->back, u, v, &x, &y);
            SET_DATA_BYTE(line, u, sample(lines, w, h, x, y));
        }
    }
    lept_free(lines);
    return out;
}

/* Where the whole picture lands, so that the header block above the table and the date below it stay in view; at most
 * `reach` table sizes beyond the table. */
static void place_picture(const double forward[8], int w, int h, double table_w, double table_h, double bounds[4])
{
    double margin_x = table_w * 0.15, margin_y = fmax(table_w, table_h) * 0.9;
    bounds[0] = bounds[1] = 1e9;
    bounds[2] = bounds[3] = -1e9;
    for (int k = 0; k < 4; k++) {
        double u, v;
        apply(forward, k & 1 ? w - 1 : 0, k & 2 ? h - 1 : 0, &u, &v);
        bounds[0] = fmin(bounds[0], u);
        bounds[1] = fmin(bounds[1], v);
        bounds[2] = fmax(bounds[2], u);
        bounds[3] = fmax(bounds[3], v);
    }
    bounds[0] = fmin(fmax(bounds[0], -margin_x), -8);
    bounds[1] = fmin(fmax(bounds[1], -margin_y), -8);
    bounds[2] = fmax(fmin(bounds[2], table_w + margin_x), table_w + 8);
    bounds[3] = fmax(fmin(bounds[3], table_h + margin_y), table_h + 8);
}

bool warp_plan(int w, int h, const double corners[4][2], struct warp *out)
{
    double across = (distance(corners[0], corners[1]) + distance(corners[3], corners[2])) / 2;
    double down = (distance(corners[0], corners[3]) + distance(corners[1], corners[2])) / 2;
    if (across < 60 || down < 20) return false;
    double scale = fmin(SCALE_MAX, TABLE_WIDTH / fmax(across, down * 0.75)), table_w = across * scale, table_h = down * scale;
    const double upright[4][2] = { { 0, 0 }, { table_w, 0 }, { table_w, table_h }, { 0, table_h } };
    double forward[8], bounds[4];
    if (!solve(corners, upright, forward)) return false;
    place_picture(forward, w, h, table_w, table_h, bounds);
    double shrink = sqrt(fmin(1, OUTPUT_PIXELS_MAX / ((bounds[2] - bounds[0]) * (bounds[3] - bounds[1]))));
    double target[4][2];
    for (int k = 0; k < 4; k++) {
        target[k][0] = (upright[k][0] - bounds[0]) * shrink;
        target[k][1] = (upright[k][1] - bounds[1]) * shrink;
    }
    out->width = (int)((bounds[2] - bounds[0]) * shrink);
    out->height = (int)((bounds[3] - bounds[1]) * shrink);
    return solve((const double (*)[2])target, corners, out->back);
}
