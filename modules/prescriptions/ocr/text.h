/* Comparing what a reader saw with known words: code points, folding, fuzzy matching. */
#ifndef DASTERN_OCR_TEXT_H
#define DASTERN_OCR_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_POINTS_MAX = 256 };

/* Folded text: lower case, without accents, spaces and punctuation; Khmer digits as 0-9; other Khmer as it is. */
struct text_points { uint32_t at[TEXT_POINTS_MAX]; int from[TEXT_POINTS_MAX]; int count; }; /* from: its byte in the text */
struct text_points text_fold(const char *utf8);

/* How well `word` (folded) is found somewhere in `text`: 1 exactly, 0 not at all. 1 - edits / length of the word. */
double text_find(const struct text_points *text, const struct text_points *word);

/* Where in the text `word` (folded) is found best: the first and the one after the last point that belong to it. Returns the
 * same score as text_find. */
double text_locate(const struct text_points *text, const struct text_points *word, int *first, int *end);

/* How alike two whole texts are, folded: 1 equal, 0 nothing in common. */
double text_likeness(const char *a, const char *b);

/* Decodes one code point and moves on; U+FFFD for broken bytes; 0 at the end. */
uint32_t text_next(const char **utf8);

/* Collapses white space to single spaces and trims, in place. */
void text_tidy(char *utf8);

/* Copies at most size - 1 bytes, never cutting a code point. */
void text_copy(char *out, size_t size, const char *utf8);

#endif
