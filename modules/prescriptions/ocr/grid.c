/* Finds the grid component and its holes, sorts the holes into rows and columns. */
#include "grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HOLES_MIN = 6,          /* a heading and one row of three columns */
    CELL_SIDE_MIN = 10,     /* px */
    EDGE_TOLERANCE = 16,    /* px by which edges of one column differ on a rectified picture */
    EDGES_MAX = 512,
    OTHER_LIKENESS = 4,     /* of a second table; see table_likeness */
};

static int compare_ints(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static int median(int *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, compare_ints);
    return values[count / 2];
}

/* ---- holes --------------------------------------------------------------------------------------------------- */

/* A cell is a rectangle, perhaps a bent one; a loop of a stamp or of a letter is not. */
static bool looks_like_cell(PIX *mask, const BOX *box, int page_area)
{
    l_int32 area;
    pixCountPixels(mask, &area, NULL);
    if (box->w < CELL_SIDE_MIN || box->h < CELL_SIDE_MIN || box->w * box->h > page_area / 4) return false;
    return area > 0.55 * box->w * box->h;
}

/* The holes of one ink component: background that does not reach the border of its box. */
static struct grid_holes holes_of(PIX *component, int x, int y, int page_area)
{
    struct grid_holes holes = { boxaCreate(64), pixaCreate(64), 0 };
    PIX *framed = pixAddBorder(component, 1, 0), *inverse = pixInvert(NULL, framed);
    PIXA *masks = NULL;
    BOXA *boxes = inverse ? pixConnComp(inverse, &masks, 4) : NULL;
    int w = pixGetWidth(framed), h = pixGetHeight(framed);
    for (int i = 0; boxes && i < boxaGetCount(boxes); i++) {
        BOX *box = boxaGetBox(boxes, i, L_CLONE);
        PIX *mask = pixaGetPix(masks, i, L_CLONE);
        bool outside = box->x == 0 || box->y == 0 || box->x + box->w == w || box->y + box->h == h;
        if (!outside && looks_like_cell(mask, box, page_area)) {
            boxaAddBox(holes.boxes, boxCreate(box->x + x - 1, box->y + y - 1, box->w, box->h), L_INSERT);
            pixaAddPix(holes.masks, mask, L_CLONE);
        }
        boxDestroy(&box);
        pixDestroy(&mask);
    }
    boxaDestroy(&boxes);
    pixaDestroy(&masks);
    pixDestroy(&framed);
    pixDestroy(&inverse);
    return holes;
}

void grid_free_holes(struct grid_holes *holes)
{
    boxaDestroy(&holes->boxes);
    pixaDestroy(&holes->masks);
}

/* Loops of letters that touch a line are holes too; they are far smaller than cells. */
static void drop_loops(struct grid_holes *holes)
{
    int widths[EDGES_MAX], heights[EDGES_MAX], n = 0;
    for (int i = 0; i < boxaGetCount(holes->boxes) && n < EDGES_MAX; i++, n++)
        boxaGetBoxGeometry(holes->boxes, i, NULL, NULL, &widths[n], &heights[n]);
    if (n < HOLES_MIN) return;
    int w_floor = median(widths, n) * 6 / 10, h_floor = median(heights, n) * 4 / 10;
    for (int i = boxaGetCount(holes->boxes) - 1; i >= 0; i--) {
        l_int32 w, h;
        boxaGetBoxGeometry(holes->boxes, i, NULL, NULL, &w, &h);
        if (!(w < w_floor && h < h_floor) && h > h_floor / 2 && w > w_floor / 6) continue;
        boxaRemoveBox(holes->boxes, i);
        pixaRemovePix(holes->masks, i);
    }
}

/* Whether hole i stands right above or below another one of the same width, as the cells of a column do. */
static bool has_column_mate(const struct grid_holes *holes, int i)
{
    l_int32 x, y, w, h;
    boxaGetBoxGeometry(holes->boxes, i, &x, &y, &w, &h);
    int slack = w / 6 + 4;
    for (int j = 0; j < boxaGetCount(holes->boxes); j++) {
        l_int32 other_x, other_y, other_w, other_h;
        boxaGetBoxGeometry(holes->boxes, j, &other_x, &other_y, &other_w, &other_h);
        int apart = y < other_y ? other_y - y - h : y - other_y - other_h;
        bool near = j != i && abs(apart) < (h < other_h ? h : other_h) / 2 + 6;
        if (near && abs(x - other_x) < slack && abs(w - other_w) < slack) return true;
    }
    return false;
}

/* How many cells the holes would make: cells tile their region and stand in columns, while holes of wood grain and shadows lie
 * scattered, and pieces of a cell that words have cut fit nowhere. */
static double table_likeness(const struct grid_holes *holes)
{
    BOX *extent = NULL;
    double area = 0;
    int count = boxaGetCount(holes->boxes), misfits = 0;
    if (count == 0 || boxaGetExtent(holes->boxes, NULL, NULL, &extent) != 0) return 0;
    for (int i = 0; i < count; i++) {
        l_int32 pixels;
        PIX *mask = pixaGetPix(holes->masks, i, L_CLONE);
        pixCountPixels(mask, &pixels, NULL);
        area += pixels;
        misfits += !has_column_mate(holes, i);
        pixDestroy(&mask);
    }
    double tiled = area / ((double)extent->w * extent->h);
    boxDestroy(&extent);
    return tiled < 0.4 || 2 * misfits > count ? 0 : (count - 2 * misfits) * tiled;
}

/* Keeps the better of two sets of holes in *best. */
static void keep_better(struct grid_holes *best, struct grid_holes *other)
{
    if (best->boxes && table_likeness(best) >= table_likeness(other)) {
        grid_free_holes(other);
        return;
    }
    grid_free_holes(best);
    *best = *other;
}

/* A table's row that stands alone: its cells have no mates above or below, but all the same height. */
static bool is_single_row(const struct grid_holes *holes)
{
    l_int32 top, height, y, h;
    boxaGetBoxGeometry(holes->boxes, 0, NULL, &top, NULL, &height);
    for (int i = 1; i < boxaGetCount(holes->boxes); i++) {
        boxaGetBoxGeometry(holes->boxes, i, NULL, &y, NULL, &h);
        if (abs(y - top) > height / 2 || abs(h - height) > height / 4) return false;
    }
    return true;
}

/* Notes where something lies that has a table's cells. */
static void note_table(const struct grid_holes *holes, BOXA *tables)
{
    BOX *extent = NULL;
    if (boxaGetCount(holes->boxes) < HOLES_MIN || (table_likeness(holes) < OTHER_LIKENESS && !is_single_row(holes))) return;
    if (boxaGetExtent(holes->boxes, NULL, NULL, &extent) == 0) boxaAddBox(tables, extent, L_INSERT);
}

/* How many of the tables noted lie elsewhere. */
static int count_others(const struct grid_holes *best, BOXA *tables)
{
    BOX *own = NULL;
    int others = 0;
    if (!best->boxes || boxaGetExtent(best->boxes, NULL, NULL, &own) != 0) return 0;
    for (int i = 0; i < boxaGetCount(tables); i++) {
        float shared = 0;
        BOX *table = boxaGetBox(tables, i, L_CLONE);
        boxOverlapFraction(own, table, &shared);
        others += shared < 0.3f;
        boxDestroy(&table);
    }
    boxDestroy(&own);
    return others;
}

static void search(PIX *ink, struct grid_holes *best, BOXA *tables)
{
    int w = pixGetWidth(ink), h = pixGetHeight(ink), shorter = w < h ? w : h;
    PIX *large = pixSelectBySize(ink, shorter / 5, shorter / 25, 8, L_SELECT_IF_BOTH, L_SELECT_IF_GTE, NULL);
    PIXA *components = NULL;
    BOXA *boxes = large ? pixConnComp(large, &components, 8) : NULL;
    for (int i = 0; boxes && i < boxaGetCount(boxes); i++) {
        BOX *box = boxaGetBox(boxes, i, L_CLONE);
        PIX *component = pixaGetPix(components, i, L_CLONE);
        struct grid_holes holes = holes_of(component, box->x, box->y, w * h);
        drop_loops(&holes);
        note_table(&holes, tables);
        keep_better(best, &holes);
        boxDestroy(&box);
        pixDestroy(&component);
    }
    boxaDestroy(&boxes);
    pixaDestroy(&components);
    pixDestroy(&large);
}

/* Mends lines that blur or noise has broken, by up to `gap` px along their own direction. */
static PIX *mend_lines(PIX *ink, int gap)
{
    PIX *across = pixCloseSafeBrick(NULL, ink, gap, 1), *down = pixCloseSafeBrick(NULL, ink, 1, gap);
    PIX *long_across = pixOpenBrick(NULL, across, 4 * gap, 1), *long_down = pixOpenBrick(NULL, down, 1, 4 * gap);
    PIX *both = pixOr(NULL, long_across, long_down), *all = pixOr(NULL, both, ink);
    pixDestroy(&across);
    pixDestroy(&down);
    pixDestroy(&long_across);
    pixDestroy(&long_down);
    pixDestroy(&both);
    return all;
}

bool grid_find_holes(PIX *ink, struct grid_holes *out)
{
    BOXA *tables = boxaCreate(8);
    *out = (struct grid_holes){ .boxes = NULL };
    search(ink, out, tables);
    PIX *mended = mend_lines(ink, 9);
    if (mended) search(mended, out, tables);
    pixDestroy(&mended);
    out->others = count_others(out, tables);
    boxaDestroy(&tables);
    return out->boxes && boxaGetCount(out->boxes) >= HOLES_MIN && table_likeness(out) > 0;
}

/* ---- rows and columns ---------------------------------------------------------------------------------------- */

struct hole { int x, y, w, h, index, column, row; };

struct sorting {
    struct hole holes[GRID_ROWS_MAX * GRID_COLUMNS_MAX];
    int count;
    int left[GRID_COLUMNS_MAX], right[GRID_COLUMNS_MAX], columns;
    double shift[GRID_COLUMNS_MAX];  /* px a column's rows lie lower than the first column's: curled paper */
    int top[GRID_ROWS_MAX], bottom[GRID_ROWS_MAX], rows;
    int row_tolerance;               /* px by which the tops of one row may differ */
};

/* Sorted values fall into clusters where the gap to the next is wide; writes the median of each cluster with enough votes. */
static int cluster(int *values, int count, int tolerance, int votes, int *out, int max)
{
    int found = 0;
    qsort(values, (size_t)count, sizeof *values, compare_ints);
    for (int start = 0, i = 1; i <= count; i++) {
        if (i < count && values[i] - values[i - 1] <= tolerance) continue;
        if (i - start >= votes && found < max) out[found++] = values[(start + i) / 2];
        start = i;
    }
    return found;
}

static void find_columns(struct sorting *s)
{
    int edges[EDGES_MAX], rights[GRID_COLUMNS_MAX * 2], lefts[GRID_COLUMNS_MAX * 2], n = s->count < EDGES_MAX ? s->count : EDGES_MAX;
    int heights[EDGES_MAX], lowest = 0, highest = 1 << 30;
    for (int i = 0; i < n; i++) {
        heights[i] = s->holes[i].h;
        if (s->holes[i].y + s->holes[i].h > lowest) lowest = s->holes[i].y + s->holes[i].h;
        if (s->holes[i].y < highest) highest = s->holes[i].y;
    }
    int rows = (lowest - highest) / (median(heights, n) + 1), votes = rows * 2 / 5 > 2 ? rows * 2 / 5 : 2;
    for (int i = 0; i < n; i++) edges[i] = s->holes[i].x;
    int left_count = cluster(edges, n, EDGE_TOLERANCE, votes, lefts, GRID_COLUMNS_MAX * 2);
    for (int i = 0; i < n; i++) edges[i] = s->holes[i].x + s->holes[i].w;
    int right_count = cluster(edges, n, EDGE_TOLERANCE, votes, rights, GRID_COLUMNS_MAX * 2);
    for (int l = 0, r = 0; l < left_count && s->columns < GRID_COLUMNS_MAX; l++) {
        while (r < right_count && rights[r] <= lefts[l] + CELL_SIDE_MIN) r++;
        if (r == right_count) break;
        if (l + 1 < left_count && lefts[l + 1] < rights[r]) continue; /* no right edge of its own */
        s->left[s->columns] = lefts[l];
        s->right[s->columns++] = rights[r];
    }
}

/* Gives each hole its column: same place and about the same width. Wider ones (headings over several) stay at -1. */
static void assign_columns(struct sorting *s)
{
    for (int i = 0; i < s->count; i++) {
        struct hole *hole = &s->holes[i];
        hole->column = -1;
        for (int c = 0; c < s->columns; c++) {
            int middle = hole->x + hole->w / 2, width = s->right[c] - s->left[c];
            if (middle > s->left[c] && middle < s->right[c] && hole->w < width * 13 / 10 + 4 && hole->w > width / 2)
                hole->column = c;
        }
    }
}

/* How much lower the rows of column c lie than those of column c - 1, from the nearest cells of similar height. */
static double step_between(const struct sorting *s, int c)
{
    int steps[EDGES_MAX], n = 0;
    for (int i = 0; i < s->count; i++) {
        if (s->holes[i].column != c) continue;
        int best = 1 << 30;
        for (int j = 0; j < s->count; j++) {
            if (s->holes[j].column != c - 1) continue;
            int step = s->holes[i].y + s->holes[i].h / 2 - s->holes[j].y - s->holes[j].h / 2;
            if (abs(step) < abs(best) && abs(s->holes[i].h - s->holes[j].h) < s->holes[i].h / 3) best = step;
        }
        if (best != 1 << 30 && abs(best) < s->holes[i].h / 2 && n < EDGES_MAX) steps[n++] = best;
    }
    return n ? median(steps, n) : 0;
}

static int flat_y(const struct sorting *s, const struct hole *hole, int y)
{
    return y - (hole->column >= 0 ? (int)lround(s->shift[hole->column]) : 0);
}

static void find_rows(struct sorting *s)
{
    int tops[EDGES_MAX], n = 0, heights[EDGES_MAX], smallest;
    for (int c = 1; c < s->columns; c++) s->shift[c] = s->shift[c - 1] + step_between(s, c);
    for (int i = 0; i < s->count && n < EDGES_MAX; i++) {
        if (s->holes[i].column < 0) continue;
        heights[n] = s->holes[i].h;
        tops[n++] = flat_y(s, &s->holes[i], s->holes[i].y);
    }
    if (n == 0) return;
    smallest = median(heights, n);
    s->row_tolerance = smallest / 3;
    s->rows = cluster(tops, n, s->row_tolerance, s->columns > 3 ? 2 : 1, s->top, GRID_ROWS_MAX);
}

static void assign_rows(struct sorting *s)
{
    for (int i = 0; i < s->count; i++) {
        struct hole *hole = &s->holes[i];
        int best = 1 << 30;
        hole->row = -1;
        for (int r = 0; r < s->rows; r++) {
            int off = abs(flat_y(s, hole, hole->y) - s->top[r]);
            if (off < best) { best = off; hole->row = r; }
        }
        if (best > s->row_tolerance + EDGE_TOLERANCE / 2) hole->row = -1;
    }
}

/* The bottom of a row: the median over cells that end before the next row begins. */
static void find_bottoms(struct sorting *s)
{
    for (int r = 0; r < s->rows; r++) {
        int ends[GRID_ROWS_MAX * GRID_COLUMNS_MAX], n = 0, next = r + 1 < s->rows ? s->top[r + 1] : 1 << 30;
        for (int i = 0; i < s->count; i++) {
            int end = flat_y(s, &s->holes[i], s->holes[i].y + s->holes[i].h);
            if (s->holes[i].row == r && s->holes[i].column >= 0 && end < next + EDGE_TOLERANCE) ends[n++] = end;
        }
        s->bottom[r] = n ? median(ends, n) : next == 1 << 30 ? s->top[r] + 1 : next - 2;
    }
}

/* ---- the finished grid --------------------------------------------------------------------------------------- */

/* A hole that a stamp or a pen stroke has cut off its cell: what stands in the rest would be lost. It has less area than the cell
 * should have; a slanted cell only fills less of its box. */
static bool is_cut_off(const struct sorting *s, const struct grid_holes *holes, const struct hole *hole)
{
    l_int32 area;
    PIX *mask = pixaGetPix(holes->masks, hole->index, L_CLONE);
    pixCountPixels(mask, &area, NULL);
    pixDestroy(&mask);
    int width = s->right[hole->column] - s->left[hole->column], height = s->bottom[hole->row] - s->top[hole->row];
    return area < 0.8 * width * height || hole->w < width * 8 / 10 || hole->h < height * 75 / 100;
}

static void place_holes(const struct sorting *s, const struct grid_holes *holes, struct grid *out)
{
    for (int i = 0; i < s->count; i++) {
        const struct hole *hole = &s->holes[i];
        if (hole->row < 0 || hole->column < 0 || is_cut_off(s, holes, hole)) continue;
        struct grid_cell *cell = &out->cells[hole->row][hole->column];
        if (cell->box.w > 0 && cell->box.w * cell->box.h >= hole->w * hole->h) continue;
        *cell = (struct grid_cell){ { hole->x, hole->y, hole->w, hole->h }, hole->index, false };
    }
}

/* The index of a merged cell above (r, c) that reaches down over row r, or -1. */
static int covering_row(const struct sorting *s, const struct grid *g, int r, int c)
{
    for (int above = r - 1; above >= 0; above--) {
        const struct grid_cell *cell = &g->cells[above][c];
        if (cell->box.w == 0) continue;
        int end = cell->box.y + cell->box.h - (int)lround(s->shift[c]);
        return end > (s->top[r] + s->bottom[r]) / 2 ? above : -1;
    }
    return -1;
}

static bool covered_sideways(const struct sorting *s, int r, int c)
{
    int middle = (s->left[c] + s->right[c]) / 2;
    for (int i = 0; i < s->count; i++) {
        const struct hole *hole = &s->holes[i];
        if (hole->column < 0 && hole->row == r && hole->x < middle && hole->x + hole->w > middle) return true;
    }
    return false;
}

static int count_found(const struct grid *g, int row)
{
    int found = 0;
    for (int c = 0; c < g->columns; c++) found += g->cells[row][c].hole >= 0 && g->cells[row][c].box.w > 0;
    return found;
}

static void fill_missing(const struct sorting *s, struct grid *out)
{
    for (int r = 0; r < out->rows; r++) {
        bool is_row = 2 * count_found(out, r) >= out->columns; /* not just a piece of a stamp over the row above */
        for (int c = 0; c < out->columns; c++) {
            struct grid_cell *cell = &out->cells[r][c];
            int above = covering_row(s, out, r, c);
            if (cell->box.w > 0) continue;
            if (above >= 0 && is_row) out->cells[above][c].merged = cell->merged = true;
            bool beside = covered_sideways(s, r, c);
            if (above >= 0 || (r == 0 && beside)) continue;
            int y = s->top[r] + (int)lround(s->shift[c]);
            *cell = (struct grid_cell){ { s->left[c], y, s->right[c] - s->left[c], s->bottom[r] - s->top[r] }, -1, beside };
        }
    }
}

/* Headings are the rows above the first complete row, when together they hold cells (merged ones, or some not found); when
 * nothing but a title over all columns stands there, the first complete row is the heading itself. */
static int count_header_rows(const struct grid *g)
{
    int full = 0, cells = 0;
    while (full < g->rows && count_found(g, full) * 10 < g->columns * 8) cells += count_found(g, full++);
    if (full == 0 || full >= g->rows) return 1;
    return cells > 0 ? full : full + 1;
}

static void load_holes(const struct grid_holes *holes, struct sorting *s)
{
    int max = (int)(sizeof s->holes / sizeof *s->holes);
    for (int i = 0; i < boxaGetCount(holes->boxes) && s->count < max; i++) {
        l_int32 x, y, w, h;
        boxaGetBoxGeometry(holes->boxes, i, &x, &y, &w, &h);
        s->holes[s->count++] = (struct hole){ .x = x, .y = y, .w = w, .h = h, .index = i };
    }
}

bool grid_arrange(const struct grid_holes *holes, struct grid *out)
{
    struct sorting s = { .count = 0 };
    memset(out, 0, sizeof *out);
    load_holes(holes, &s);
    if (s.count == 0) return false;
    find_columns(&s);
    if (s.columns < 3) return false;
    assign_columns(&s);
    find_rows(&s);
    if (s.rows < 2) return false;
    assign_rows(&s);
    find_bottoms(&s);
    out->rows = s.rows;
    out->columns = s.columns;
    for (int r = 0; r < out->rows; r++)
        for (int c = 0; c < out->columns; c++) out->cells[r][c].hole = -1;
    place_holes(&s, holes, out);
    out->header_rows = count_header_rows(out);
    fill_missing(&s, out);
    out->box = (struct ocr_box){ s.left[0], s.top[0], s.right[s.columns - 1] - s.left[0], s.bottom[s.rows - 1] - s.top[0] };
    return out->header_rows < out->rows;
}

/* ---- what was found ---------------------------------------------------------------------------------------------- */

int grid_cells_found(const struct grid *grid)
{
    int found = 0;
    for (int r = 0; r < grid->rows; r++) found += count_found(grid, r);
    return found;
}

bool grid_is_complete(const struct grid *grid)
{
    for (int r = grid->header_rows; r < grid->rows; r++)
        if (count_found(grid, r) < grid->columns) return false;
    return true;
}

/* ---- crops --------------------------------------------------------------------------------------------------- */

enum { EDGE_TOP, EDGE_BOTTOM, EDGE_LEFT, EDGE_RIGHT };

/* How far in from one edge of the mask its first hole pixel lies, for each of its rows or columns. */
static void measure_edge(PIX *mask, int edge, int *depth, int count)
{
    int w = pixGetWidth(mask), h = pixGetHeight(mask), reach = edge == EDGE_TOP || edge == EDGE_BOTTOM ? h : w;
    for (int i = 0; i < count; i++) {
        depth[i] = 0;
        for (l_uint32 on = 0; depth[i] < reach; depth[i]++) {
            int d = edge == EDGE_BOTTOM || edge == EDGE_RIGHT ? reach - 1 - depth[i] : depth[i];
            pixGetPixel(mask, edge == EDGE_TOP || edge == EDGE_BOTTOM ? i : d, edge == EDGE_TOP || edge == EDGE_BOTTOM ? d : i, &on);
            if (on) break;
        }
    }
}

/* Ink that touches a line makes a deep dent in the hole. The line itself is smooth: a running median tells it from the dent. */
static void smooth_edge(const int *depth, int *out, int count, int half)
{
    int window[2 * 64 + 1];
    if (half > 64) half = 64;
    for (int i = 0; i < count; i++) {
        int n = 0;
        for (int k = i - half; k <= i + half; k++)
            if (k >= 0 && k < count) window[n++] = depth[k];
        out[i] = median(window, n);
    }
}

/* Whitens the lines around the cell and what lies beyond them, but not ink of the cell that touches a line. */
static void whiten_edge(PIX *crop, PIX *mask, int edge)
{
    int w = pixGetWidth(crop), h = pixGetHeight(crop);
    bool level = edge == EDGE_TOP || edge == EDGE_BOTTOM;
    int count = level ? w : h, reach = (level ? h : w) / 3;
    int *depth = calloc(2 * (size_t)count, sizeof *depth);
    if (!depth) return;
    int *smooth = depth + count;
    measure_edge(mask, edge, depth, count);
    smooth_edge(depth, smooth, count, level ? w / 8 + 12 : h / 4 + 8);
    for (int i = 0; i < count; i++)
        for (int d = 0; d <= smooth[i] && d < reach; d++) {
            int from_start = edge == EDGE_BOTTOM ? h - 1 - d : edge == EDGE_RIGHT ? w - 1 - d : d;
            pixSetPixel(crop, level ? i : from_start, level ? from_start : i, 255);
        }
    free(depth);
}

PIX *grid_crop(PIX *grey, const struct grid_holes *holes, const struct grid_cell *cell)
{
    int inset = cell->hole >= 0 ? 1 : 4;
    BOX *box = boxCreate(cell->box.x + inset, cell->box.y + inset, cell->box.w - 2 * inset, cell->box.h - 2 * inset);
    PIX *crop = box ? pixClipRectangle(grey, box, NULL) : NULL;
    boxDestroy(&box);
    if (!crop) return NULL;
    if (cell->hole >= 0) {
        PIX *mask = pixaGetPix(holes->masks, cell->hole, L_CLONE);
        PIX *shrunk = mask ? pixErodeBrick(NULL, mask, 3, 3) : NULL; /* the grey slope of the lines goes too */
        PIX *inner = shrunk ? pixRemoveBorder(shrunk, inset) : NULL;
        bool fits = inner && pixGetWidth(inner) == pixGetWidth(crop) && pixGetHeight(inner) == pixGetHeight(crop);
        for (int edge = EDGE_TOP; fits && edge <= EDGE_RIGHT; edge++) whiten_edge(crop, inner, edge);
        pixDestroy(&mask);
        pixDestroy(&shrunk);
        pixDestroy(&inner);
    }
    PIX *framed = pixAddBorder(crop, GRID_CROP_BORDER, 255);
    pixDestroy(&crop);
    return framed;
}
