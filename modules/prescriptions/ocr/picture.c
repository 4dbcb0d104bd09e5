/* Decoding, EXIF turning, re-encoding; and the light treatment before anything is looked for. */
#include "picture.h"

#include <math.h>
#include <stdlib.h>

enum {
    DECODED_PIXELS_MAX = 6100000, /* 4 bytes a pixel, and a turn needs it twice. JPEGs are decoded at 1/2, 1/4 or 1/8 until they fit */
    PREPARED_SIDE_MAX = 1600,     /* px, the shorter side of the picture that is searched for the table */
    STORED_QUALITY = 85,
};

static PIX *decode_jpeg(const void *data, size_t size, const struct image_header *header)
{
    int reduction = 1;
    while (reduction < 8 && header->width * header->height / (reduction * reduction) > DECODED_PIXELS_MAX) reduction *= 2;
    return pixReadMemJpeg(data, size, 0, reduction, NULL, 0);
}

static PIX *decode_raw(const void *data, size_t size, const struct image_header *header)
{
    switch (header->kind) {
    case IMAGE_JPEG: return decode_jpeg(data, size, header);
    case IMAGE_PNG: return pixReadMemPng(data, size);
    case IMAGE_WEBP: return pixReadMemWebP(data, size);
    case IMAGE_NONE: break;
    }
    return NULL;
}

/* Replaces *pix by what `made` is; keeps it when making failed. */
static void replace(PIX **pix, PIX *made)
{
    if (!made) return;
    pixDestroy(pix);
    *pix = made;
}

/* EXIF 2..8: mirrored and turned ways to hold a camera. */
static void turn_upright(PIX **pix, int orientation)
{
    static const struct { bool mirror; int quarters; } turns[9] = { [2] = { true, 0 }, [3] = { false, 2 }, [4] = { true, 2 },
        [5] = { true, 3 }, [6] = { false, 1 }, [7] = { true, 1 }, [8] = { false, 3 } };
    if (orientation < 2) return;
    if (turns[orientation].mirror) pixFlipLR(*pix, *pix);
    if (turns[orientation].quarters == 2) pixRotate180(*pix, *pix);
    else if (turns[orientation].quarters) replace(pix, pixRotateOrth(*pix, turns[orientation].quarters));
}

/* What shines through becomes white paper; in place, since a second copy would be the largest thing in memory. */
static void lay_on_white(PIX *pix)
{
    int w = pixGetWidth(pix), h = pixGetHeight(pix);
    for (int y = 0; y < h; y++) {
        l_uint32 *line = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
        for (int x = 0; x < w; x++) {
            int r, g, b, alpha;
            extractRGBAValues(line[x], &r, &g, &b, &alpha);
            int paper = 255 - alpha;
            composeRGBPixel(paper + r * alpha / 255, paper + g * alpha / 255, paper + b * alpha / 255, &line[x]);
        }
    }
    pixSetSpp(pix, 3);
}

/* Every depth, colour map and alpha channel becomes plain grey or RGB on white paper, of a size that can be turned. */
static void flatten(PIX **pix)
{
    if (pixGetColormap(*pix)) replace(pix, pixRemoveColormap(*pix, REMOVE_CMAP_BASED_ON_SRC));
    if (pixGetDepth(*pix) == 32 && pixGetSpp(*pix) == 4) lay_on_white(*pix);
    if (pixGetDepth(*pix) != 32 && pixGetDepth(*pix) != 8) replace(pix, pixConvertTo8(*pix, 0));
    double pixels = (double)pixGetWidth(*pix) * pixGetHeight(*pix), scale = sqrt(DECODED_PIXELS_MAX / pixels);
    if (scale < 1) replace(pix, pixScaleAreaMap(*pix, (float)scale, (float)scale)); /* pixScale would need copies to sharpen */
}

PIX *picture_decode(const void *data, size_t size, const char **error)
{
    struct image_header header;
    *error = image_check_header(data, size, &header);
    if (*error) return NULL;
    PIX *pix = decode_raw(data, size, &header);
    *error = "ocr.bad_image";
    if (!pix) return NULL;
    flatten(&pix);
    turn_upright(&pix, header.orientation);
    if (pixGetDepth(pix) != 8 && pixGetDepth(pix) != 32) {
        pixDestroy(&pix);
        return NULL;
    }
    *error = NULL;
    return pix;
}

struct ocr_picture picture_encode(PIX *pix, int quality)
{
    struct ocr_picture out = { NULL, 0 };
    pixSetText(pix, NULL); /* leptonica would write it as a comment */
    if (pixWriteMemJpeg(&out.data, &out.size, pix, quality ? quality : STORED_QUALITY, 0) != 0) out.size = 0;
    return out;
}

struct ocr_picture picture_thumbnail(PIX *pix, int side)
{
    struct ocr_picture out = { NULL, 0 };
    int w = pixGetWidth(pix), h = pixGetHeight(pix), longer = w > h ? w : h;
    float scale = longer > side ? (float)side / (float)longer : 1;
    PIX *small = pixScale(pix, scale, scale);
    if (small) out = picture_encode(small, 80);
    pixDestroy(&small);
    return out;
}

/* Brightness, raised where there is colour: black print stays black, the red and blue of stamps and pens fade to at most
 * half way to the paper, so that coloured print stays readable too. */
static PIX *fade_colours(PIX *pix)
{
    enum { CAST = 24 /* levels of colour that light and JPEG give to anything */ };
    int w = pixGetWidth(pix), h = pixGetHeight(pix);
    PIX *grey = pixCreate(w, h, 8);
    for (int y = 0; grey && y < h; y++) {
        const l_uint32 *from = pixGetData(pix) + (size_t)y * (size_t)pixGetWpl(pix);
        l_uint32 *to = pixGetData(grey) + (size_t)y * (size_t)pixGetWpl(grey);
        for (int x = 0; x < w; x++) {
            int r = (int)(from[x] >> 24), g = (int)(from[x] >> 16 & 255), b = (int)(from[x] >> 8 & 255);
            int most = r > g ? r : g, least = r < g ? r : g, bright = (77 * r + 150 * g + 29 * b) >> 8;
            int colour = (most > b ? most : b) - (least < b ? least : b) - CAST, room = (255 - bright) * 55 / 100;
            if (colour > 0) bright += colour < room ? colour : room;
            SET_DATA_BYTE(to, x, (l_uint8)bright);
        }
    }
    return grey;
}

PIX *picture_prepare(PIX *pix)
{
    PIX *grey = pixGetDepth(pix) == 32 ? fade_colours(pix) : pixConvertTo8(pix, 0);
    if (!grey) return NULL;
    int w = pixGetWidth(grey), h = pixGetHeight(grey), shorter = w < h ? w : h;
    if (shorter > PREPARED_SIDE_MAX) {
        float scale = (float)PREPARED_SIDE_MAX / (float)shorter;
        replace(&grey, pixScale(grey, scale, scale));
    }
    replace(&grey, pixBackgroundNorm(grey, NULL, NULL, 16, 24, 80, 100, 220, 2, 2));
    replace(&grey, pixGammaTRC(NULL, grey, 0.8f, 40, 215));
    return grey;
}

PIX *picture_binarise(PIX *grey, bool faint)
{
    PIX *ink = NULL;
    int w = pixGetWidth(grey), h = pixGetHeight(grey), window = (w < h ? w : h) / 60;
    if (window < 8) window = 8;
    if (w < 4 * window || h < 4 * window) return pixThresholdToBinary(grey, 150);
    /* in tiles: the accumulators of the whole picture would cost 12 bytes a pixel */
    int nx = w / 600 + 1, ny = h / 600 + 1;
    if (pixSauvolaBinarizeTiled(grey, window, faint ? 0.1f : 0.25f, nx, ny, NULL, &ink) != 0) return NULL;
    return ink;
}

double picture_sharpness(PIX *grey)
{
    int w = pixGetWidth(grey), h = pixGetHeight(grey);
    long histogram[256] = { 0 }, count = 0;
    for (int y = 0; y + 1 < h; y += 2) {
        const l_uint32 *line = pixGetData(grey) + (size_t)y * (size_t)pixGetWpl(grey);
        for (int x = 0; x + 2 < w; x++) {
            int step = abs((int)GET_DATA_BYTE(line, x + 2) - (int)GET_DATA_BYTE(line, x)) / 2;
            if (step < 8) continue;
            histogram[step]++;
            count++;
        }
    }
    long left = count / 50; /* the steepest fiftieth of all edges */
    for (int step = 255; step > 0; step--)
        if ((left -= histogram[step]) < 0) return step;
    return 0;
}
