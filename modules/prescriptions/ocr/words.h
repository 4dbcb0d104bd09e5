/* The fixed vocabulary of prescriptions in Khmer, English and French, and the fuzzy look-up in it. */
#ifndef DASTERN_OCR_WORDS_H
#define DASTERN_OCR_WORDS_H

#include <stdbool.h>

enum column_kind {
    COLUMN_UNKNOWN, COLUMN_NUMBER, COLUMN_NAME, COLUMN_STRENGTH, COLUMN_FORM, COLUMN_QUANTITY, COLUMN_UNIT, COLUMN_DAYS, COLUMN_USE,
    COLUMN_REMARK, COLUMN_MORNING, COLUMN_NOON, COLUMN_EVENING, COLUMN_NIGHT, COLUMN_KINDS,
};

/* How well the heading fits each kind of column, 0..1 into scores[COLUMN_KINDS]. */
void words_score_heading(const char *heading, double scores[COLUMN_KINDS]);

/* How near the heading comes to a word of this kind, however far that is. */
double words_heading_likeness(const char *heading, enum column_kind kind);

/* The form a printed unit or a prefix of a name stands for ("គ្រាប់" tablet, "gél" capsule, "Amps" ampoule); NULL: unknown. */
const char *words_form(const char *text, double *confidence);

/* Whether the words behind a dose are such as belong there: they begin with a unit, or with meals or need. *unit gets the unit's
 * usual name ("tablet", "drops", "ml"), NULL when none is named. "spoon" behind a 1 is as different from a tablet as can be, so
 * a unit must be spelled nearly right. */
bool words_follow_dose(const char *text, const char **unit);

/* Whether a dose in this unit is a number of pieces as they come in the packet, and not a measure such as ml, drops or spoons. */
bool words_is_piece(const char *unit);

/* "before", "after", "with" when the text says so about meals; NULL otherwise. */
const char *words_meal(const char *text, double *confidence);

/* Whether the text says "as needed" (PRN, si besoin, ពេលឈឺ ...). */
bool words_as_needed(const char *text);

/* Whether pieces of this form are counted one by one, so that quantity / daily sum is a number of days. */
bool words_is_counted(const char *form);

#endif
