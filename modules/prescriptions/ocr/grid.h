/* The table of a page: the ink component with the most holes is its grid, and the holes are its cells. */
#ifndef DASTERN_OCR_GRID_H
#define DASTERN_OCR_GRID_H

#include "ocr.h"

#include <leptonica/allheaders.h>

enum { GRID_ROWS_MAX = 44, GRID_COLUMNS_MAX = 16 };

struct grid_holes {
    BOXA *boxes;  /* of each hole */
    PIXA *masks;  /* the hole itself, 1 bit, the size of its box */
    int others;   /* tables on the picture beside this one */
};

/* Finds the grid in a picture's ink: of several the one with most cells. False when nothing on it looks like one (at least six rectangular holes). */
bool grid_find_holes(PIX *ink, struct grid_holes *out);
void grid_free_holes(struct grid_holes *holes);

struct grid_cell {
    struct ocr_box box;
    int hole;     /* index into the holes, -1: the lines around it were not seen, the box is a guess */
    bool merged;  /* it is one with a neighbour: what stands in it may be meant for both */
};

struct grid {
    int rows, columns;
    int header_rows;                                            /* 1 or more; data starts below them */
    struct grid_cell cells[GRID_ROWS_MAX][GRID_COLUMNS_MAX];    /* w == 0: covered by one above */
    struct ocr_box box;
    bool columns_lost, rows_lost;                               /* see grid_has_lost_columns, grid_has_lost_rows */
};

/* Sorts holes of a rectified picture into rows and columns and fills in missing cells. False: not a table. */
bool grid_arrange(const struct grid_holes *holes, struct grid *out);

/* Whether there are more columns than were found: level lines lead on beyond the first or last one (the photo ends within a
 * column, or its far line is not seen), or two leave room between them (something lies over a column). `ink` is what the holes
 * were found in. */
bool grid_has_lost_columns(PIX *ink, const struct grid *grid);

/* Whether there are more rows than were found: upright lines lead on below the last one (the photo ends within a row, or its lower
 * line is not seen). */
bool grid_has_lost_rows(PIX *ink, const struct grid *grid);

/* How many cells have their own lines around them; and whether all below the headings have. */
int grid_cells_found(const struct grid *grid);
bool grid_is_complete(const struct grid *grid);

/* A grey crop of a cell: whatever lies beyond the cell's own lines is white, and a white border is around it. */
PIX *grid_crop(PIX *grey, const struct grid_holes *holes, const struct grid_cell *cell);

enum { GRID_CROP_BORDER = 14 }; /* px of white that grid_crop adds on each side */

#endif
