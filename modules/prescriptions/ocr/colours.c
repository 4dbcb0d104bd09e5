/* How coloured ink is: what it lets through of one colour in proportion to what it takes from another. JPEG blurs colour more
 * than brightness, so both are blurred before they are compared. */
#include "colours.h"

#include <math.h>

enum {
    MAP_SIDE = 700, /* px, the shorter side of the map at most */
    BLUR = 2,        /* px to each side */
    WHITE = 220,     /* level that the paper is brought to, in each of the three colours */
    SAMPLE_STEP = 3,
    DARK = 120,      /* level below which a pixel of the rectified picture is ink */
    CHANGED = 60,    /* levels */
    FAINT = 14,      /* darkness that says nothing about its colour yet */
};
/* Black print has some colour from camera and JPEG; stamps and pens have at least so much more. */
static const double PRINT_MIN = 0.1, BEYOND_PRINT = 0.1, SURELY_COLOURED = 0.3;

static l_uint32 *line_of(PIX *pix, int y) { return pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix); }

static int saturation(l_uint32 pixel)
{
    int r = (int)(pixel >> 24), g = (int)(pixel >> 16 & 255), b = (int)(pixel >> 8 & 255);
    int most = r > g ? r : g, least = r < g ? r : g;
    most = most > b ? most : b;
    least = least < b ? least : b;
    if (most > WHITE) most = WHITE;
    return most <= least ? 0 : 255 * (most - least) / (WHITE - least + FAINT);
}

PIX *colours_sample(PIX *decoded)
{
    int w = pixGetWidth(decoded), h = pixGetHeight(decoded), shorter = w < h ? w : h;
    float scale = shorter > MAP_SIDE ? (float)MAP_SIDE / (float)shorter : 1;
    return pixGetDepth(decoded) == 32 ? pixScale(decoded, scale, scale) : NULL;
}

/* Its paper white whatever light falls on it, and blurred. */
static PIX *even_out(PIX *sample)
{
    PIX *even = sample ? pixBackgroundNorm(sample, NULL, NULL, 16, 24, 80, 100, WHITE, 2, 2) : NULL;
    pixDestroy(&sample);
    PIX *blurred = even ? pixBlockconv(even, BLUR, BLUR) : NULL;
    pixDestroy(&even);
    return blurred;
}

PIX *colours_map(PIX *sample)
{
    PIX *even = even_out(sample), *map = even ? pixCreate(pixGetWidth(even), pixGetHeight(even), 8) : NULL;
    for (int y = 0; map && y < pixGetHeight(map); y++) {
        const l_uint32 *from = line_of(even, y);
        l_uint32 *to = line_of(map, y);
        for (int x = 0; x < pixGetWidth(map); x++) SET_DATA_BYTE(to, x, (l_uint8)saturation(from[x]));
    }
    pixDestroy(&even);
    return map;
}

double colours_of_print(const struct warp_map *colours, PIX *grey, const struct ocr_box *table)
{
    long histogram[256] = { 0 }, count = 0;
    for (int y = table->y; y < table->y + table->h && y < pixGetHeight(grey); y += SAMPLE_STEP)
        for (int x = table->x; x < table->x + table->w && x < pixGetWidth(grey); x += SAMPLE_STEP) {
            if ((int)GET_DATA_BYTE(line_of(grey, y), x) > DARK) continue;
            histogram[warp_map_at(colours, x, y, 0)]++;
            count++;
        }
    /* the lines of the table may be black where its words are not */
    int upper = 0;
    for (long below = histogram[0]; upper < 255 && below < count * 4 / 5;) below += histogram[++upper];
    return fmax(upper / 255.0, PRINT_MIN);
}

/* How much of its darkness a pixel keeps, in 256ths, by its saturation. */
static void keep_by_saturation(double print, int keep[256])
{
    double from = print + BEYOND_PRINT, to = print + SURELY_COLOURED;
    for (int s = 0; s < 256; s++) {
        double above = (s / 255.0 - from) / (to - from);
        keep[s] = above <= 0 ? 256 : above >= 1 ? 0 : (int)(256 * (1 - above));
    }
}

double colours_fade(const struct warp_map *colours, double print, PIX *part, int x, int y)
{
    int w = pixGetWidth(part), h = pixGetHeight(part), keep[256];
    long changed = 0;
    keep_by_saturation(print, keep);
    for (int v = 0; v < h; v++) {
        l_uint32 *line = line_of(part, v);
        for (int u = 0; u < w; u++) {
            int dark = 255 - (int)GET_DATA_BYTE(line, u);
            if (dark == 0) continue;
            int left = dark * keep[warp_map_at(colours, x + u, y + v, 0)] / 256;
            changed += dark - left > CHANGED;
            SET_DATA_BYTE(line, u, (l_uint8)(255 - left));
        }
    }
    return (double)changed / ((double)w * h);
}
