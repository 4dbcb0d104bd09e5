/* Columns and rows of a table that were not found: their lines lead on where the last cell ends. */
#include "grid.h"

/* Whether a line leads from x on for some px at about the height y. */
static bool line_leads_on(PIX *ink, int x, int y, int direction)
{
    enum { LINE_FROM = 10, LINE_TO = 24, LINE_ABOVE = 10, LINE_BELOW = 4 };
    int inked = 0;
    for (int d = LINE_FROM; d < LINE_TO; d++) {
        l_uint32 on = 0;
        for (int k = -LINE_ABOVE; k <= LINE_BELOW && !on; k++)
            if (pixGetPixel(ink, x + direction * d, y + k, &on) != 0) on = 0;
        inked += on != 0;
    }
    return inked * 10 >= (LINE_TO - LINE_FROM) * 8;
}

static bool side_goes_on(PIX *ink, const struct grid *grid, int column, int direction)
{
    int found = 0, leading = 0;
    for (int r = 0; r < grid->rows; r++) {
        const struct grid_cell *cell = &grid->cells[r][column];
        if (cell->hole < 0) continue;
        found++;
        leading += line_leads_on(ink, direction > 0 ? cell->box.x + cell->box.w : cell->box.x, cell->box.y, direction);
    }
    return leading >= 2 && leading * 10 >= found * 6;
}

/* Whether an upright line leads on below y at about x. The photo may end soon. */
static bool line_leads_down(PIX *ink, int x, int y)
{
    enum { LINE_FROM = 12, LINE_TO = 26, BESIDE = 9 };
    int inked = 0, seen = 0;
    for (int d = LINE_FROM; d < LINE_TO && y + d < pixGetHeight(ink); d++, seen++) {
        l_uint32 on = 0;
        for (int k = -BESIDE; k <= BESIDE && !on; k++)
            if (pixGetPixel(ink, x + k, y + d, &on) != 0) on = 0;
        inked += on != 0;
    }
    return seen * 2 > LINE_TO - LINE_FROM && inked * 10 >= seen * 8;
}

bool grid_has_lost_rows(PIX *ink, const struct grid *grid)
{
    int edges = 0, leading = 0;
    for (int c = 0; c < grid->columns; c++) {
        const struct grid_cell *cell = &grid->cells[grid->rows - 1][c];
        if (cell->hole < 0 || cell->box.w == 0) continue;
        edges++;
        leading += line_leads_down(ink, cell->box.x + cell->box.w, cell->box.y + cell->box.h);
    }
    return leading >= 2 && leading * 10 >= edges * 6;
}

/* Whether a column fits between this one and the next. */
static bool leaves_room(const struct grid *grid, int column)
{
    for (int r = 0; r < grid->rows; r++) {
        const struct grid_cell *cell = &grid->cells[r][column], *next = cell + 1;
        if (cell->hole < 0 || next->hole < 0) continue;
        int narrower = cell->box.w < next->box.w ? cell->box.w : next->box.w;
        return next->box.x - cell->box.x - cell->box.w > narrower / 2;
    }
    return false;
}

bool grid_has_lost_columns(PIX *ink, const struct grid *grid)
{
    for (int c = 0; c + 1 < grid->columns; c++)
        if (leaves_room(grid, c)) return true;
    return side_goes_on(ink, grid, 0, -1) || side_goes_on(ink, grid, grid->columns - 1, 1);
}
