/* The desk is found on a coarse copy, where letters have faded and large dark areas have not. */
#include "desk.h"

enum {
    CELL = 16,         /* px, the side of one pixel of the coarse copy */
    DARK = 190,        /* level below which such a pixel is no paper */
    OPENING = 2,       /* cells; what is narrower is a word */
    REACH = 3,         /* cells by which the desk is widened: its edge is soft */
    TABLE_CELLS = 3,   /* at the table's side, where its line lies */
};

/* From the outermost dark area on, everything further out is desk, too, however bright its grain may be. */
static void fill_outwards(PIX *desk, bool upwards)
{
    int w = pixGetWidth(desk), h = pixGetHeight(desk);
    for (int x = 0; x < w; x++) {
        bool found = false;
        for (int i = 0; i < h; i++) {
            int y = upwards ? h - 1 - i : i;
            l_uint32 *line = pixGetData(desk) + (size_t)y * (size_t)pixGetWpl(desk);
            found = found || GET_DATA_BIT(line, x);
            if (found) SET_DATA_BIT(line, x);
        }
    }
}

static PIX *coarse_desk(PIX *part, bool above)
{
    PIX *small = pixScale(part, 1.0f / CELL, 1.0f / CELL), *dark = small ? pixThresholdToBinary(small, DARK) : NULL;
    int table = dark && above ? pixGetHeight(dark) - TABLE_CELLS : 0;
    if (dark) pixRasterop(dark, 0, table, pixGetWidth(dark), TABLE_CELLS, PIX_CLR, NULL, 0, 0);
    PIX *areas = dark ? pixOpenBrick(NULL, dark, OPENING, OPENING) : NULL, *inner = areas ? pixRemoveBorderConnComps(areas, 8) : NULL;
    PIX *rim = inner ? pixXor(NULL, areas, inner) : NULL, *desk = rim ? pixDilateBrick(NULL, rim, REACH, REACH) : NULL;
    PIX **const scrap[] = { &small, &dark, &areas, &inner, &rim };
    for (size_t i = 0; i < sizeof scrap / sizeof *scrap; i++) pixDestroy(scrap[i]);
    return desk;
}

void desk_whiten(PIX *part, bool above)
{
    PIX *desk = coarse_desk(part, above), *mask = NULL;
    if (desk) {
        fill_outwards(desk, above);
        mask = pixExpandReplicate(desk, CELL);
    }
    if (mask) pixSetMasked(part, mask, 255);
    pixDestroy(&mask);
    pixDestroy(&desk);
}
