/* The strength behind a medicine's name: "500mg", "0.5 mg", "250mg/5ml", "160/12.5mg", "10%". */
#ifndef DASTERN_OCR_STRENGTH_H
#define DASTERN_OCR_STRENGTH_H

#include "engine.h"

/* Finds the strength in a name as it was read: its first byte and its length. False when there is none. */
bool strength_find(const char *text, size_t *at, size_t *length);

/* Whether what stands around a strength, or in place of one, says that it is not all of it, or not one: "X 1 000 mg", "S00mg", a
 * number without a unit. */
bool strength_is_doubtful(const char *text);

/* "500mg" and "500 mg" are the same. */
bool strength_same(const char *a, const char *b);

/* Whether the own reader, too, sees the number a strength begins with. `words`: where on `crop` Tesseract saw what. */
bool strength_confirmed(PIX *crop, const struct engine_word *words, int count, const char *strength);

/* Whether `crop` holds ink as tall as letters where Tesseract saw no word: a line that it left out. */
bool strength_ink_unseen(PIX *crop, const struct engine_word *words, int count);

#endif
