/* What each column of a table means, from its heading words. */
#ifndef DASTERN_OCR_COLUMNS_H
#define DASTERN_OCR_COLUMNS_H

#include "engine.h"
#include "grid.h"
#include "words.h"

struct columns {
    enum column_kind kind[GRID_COLUMNS_MAX];
    int of[COLUMN_KINDS];     /* index of the column of a kind, -1 if none */
    int known;                /* headings that were recognised */
    int slots;                /* slot columns: 4, 3, 2; 0: not a prescription's table */
    bool slots_sure;          /* every slot column was named by its own heading */
    enum column_kind guessed; /* a slot column that only its place and a faint likeness name: all its doses are unsure */
    bool night_suspected;     /* the night column is one without a clear heading: all its doses are unsure */
    bool scattered;           /* slot columns apart, in another order or twice: all doses are unsure */
    bool quantity_guessed;    /* the quantity column is only what was left over */
};

/* Reads the heading cells. `slots` is 0 when the words don't make a prescription (or the page is upside down). */
void columns_read(struct engine *engine, PIX *grey, const struct grid_holes *holes, const struct grid *grid, struct columns *out);

/* The same decision on words that were read elsewhere: texts[c] is the heading of column c, each reading of it
 * on a line of its own. */
void columns_decide(const char *const *texts, int count, struct columns *out);

#endif
