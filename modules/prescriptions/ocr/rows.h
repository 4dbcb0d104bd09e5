/* Reads the rows below the headings of a table. */
#ifndef DASTERN_OCR_ROWS_H
#define DASTERN_OCR_ROWS_H

#include "columns.h"
#include "engine.h"
#include "grid.h"
#include "lexicon.h"
#include "pale.h"

struct rows_source {
    struct engine *engine;
    const struct lexicon *lexicon;
    PIX *grey;                       /* rectified */
    const struct grid_holes *holes;
    const struct grid *grid;
    const struct columns *columns;
    struct warp_map pale;            /* for what is too pale on `grey` */
};

/* Fills draft->rows; calls `progress` as it goes (may be NULL). */
void rows_read(const struct rows_source *source, struct ocr_draft *draft, ocr_progress_fn *progress, void *arg);

/* The checks over a finished row: quantity / daily sum must be a whole number of days, and agree with the days that were
 * read. A failed check makes the row's numbers unsure. Also concludes the duration and the row's confidence. */
void rows_check(struct ocr_row *row);

#endif
