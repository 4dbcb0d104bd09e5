/* Reading one number of a cell, with at least two independent readers or a mark that it is unsure. */
#ifndef DASTERN_OCR_NUMBER_H
#define DASTERN_OCR_NUMBER_H

#include "engine.h"

enum number_role { NUMBER_DOSE, NUMBER_COUNT };  /* a dose may be blank, a dash or a fraction; a count is a whole number */

struct number_reading {
    bool empty;           /* nothing there, or a dash: a dose of 0 */
    double value;         /* NAN when nothing could be made of it */
    double confidence;
    bool unsure;
    char raw[32];         /* what the readers saw: own | first Tesseract | second */
    int end_x;            /* px on the crop where the number ends: words may follow; 0 when none was found */
    bool gap_follows;     /* a space stands between it and the words */
    const char *unit;     /* of a dose, as words_follow_dose names it; NULL: none was read */
};

/* `crop`: grey with a white border. `digit_height`: px, of the page's digits, 0 when not known. */
void number_read(struct engine *engine, PIX *crop, enum number_role role, int digit_height, struct number_reading *out);

/* The value of what a text begins with: "1", "0,5", "1/2", "1½", "1 1/2", "14 tabs"; NAN when it is no number. Looks only at
 * the text; *length gets how many bytes belong to the number. */
double number_parse(const char *text, size_t *length);

/* The height of the digits in a crop (the tallest component of reasonable shape), 0 for an empty cell. */
int number_digit_height(PIX *crop);

#endif
