/* Compares drafts with the truth of generated pages and adds up the figures. */
#ifndef DASTERN_TESTS_BENCH_SCORE_H
#define DASTERN_TESTS_BENCH_SCORE_H

#include "../../modules/prescriptions/ocr/ocr.h"
#include "page.h"

#include <stdio.h>

enum { SCORE_FIELDS = 6, SCORE_PAGES_MAX = 5000 };

struct score {
    int pages, tables_found;
    int rows_true, rows_read, rows_matched;
    int names, strengths, quantities, quantities_true, quantities_silent;
    int slots, slots_right, slots_silent, slots_unsure;
    int meals, meals_right, needed_right, forms_right, durations, durations_right;
    int fields[SCORE_FIELDS], fields_right[SCORE_FIELDS], fields_silent, fields_unsure, names_silent;
    int names_unsure, strengths_silent, strengths_unsure, quantities_unsure, warned;
    int unreadable, invented_sure, invented_unsure;
    double seconds[SCORE_PAGES_MAX];
    int timed;
};

/* Adds one page. With `list` the wrong and unsure fields are printed to it. */
void score_add(struct score *score, const struct page *page, const struct ocr_draft *draft, FILE *list);

/* Adds the counts of `more` into `score`. */
void score_merge(struct score *score, const struct score *more);

/* The table of figures with the goals beside them; `rss_mb`: peak memory of the reading process. */
void score_print(const struct score *score, double rss_mb, FILE *out);

/* Whether all goals that a test may insist on are met; prints those which are not. */
struct score_floors { double slots_right, silent_max, rows, precision, names, quantities, unsure_max, fields; };
int score_check(const struct score *score, const struct score_floors *floors, FILE *out);

#endif
