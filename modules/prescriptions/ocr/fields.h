/* The words around the table: hospital, doctor, patient's age and sex, diagnosis, date. */
#ifndef DASTERN_OCR_FIELDS_H
#define DASTERN_OCR_FIELDS_H

#include "colours.h"
#include "engine.h"

struct fields_source {
    struct engine *engine;
    PIX *grey;                /* the rectified picture */
    struct warp_map colours;  /* its map is NULL when they are not known */
};

/* Reads above and below `table` on the rectified picture and fills the draft's header fields. */
void fields_read(const struct fields_source *source, const struct ocr_box *table, struct ocr_draft *draft);

enum field_kind { FIELD_AGE, FIELD_GENDER, FIELD_DIAGNOSIS, FIELD_DOCTOR, FIELD_PATIENT, FIELD_OTHER, FIELD_KINDS };

/* A labelled value inside a line: "Age: 45" gives FIELD_AGE and the bytes of " 45". */
struct field_span { enum field_kind kind; int from, to; double score; };

/* All labelled values of a line, in order. Returns how many. */
int fields_find_labels(const char *line, struct field_span *spans, int max);

/* "male" or "female" for M, F, ប្រុស, ស្រី, Homme ...; NULL for anything else. */
const char *fields_gender(const char *value);

#endif
