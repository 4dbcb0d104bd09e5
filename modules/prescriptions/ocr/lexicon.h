/* Known drug names. They suggest and score; what was read is never replaced by them. */
#ifndef DASTERN_OCR_LEXICON_H
#define DASTERN_OCR_LEXICON_H

#include <stdbool.h>

struct lexicon;

/* Reads the TSV (first column: name; lines beginning with '#' are comments). NULL when it can't be read. */
struct lexicon *lexicon_load(const char *path);
void lexicon_free(struct lexicon *lexicon);

/* How near the nearest known name is, 0..1. A NULL lexicon knows nothing. */
double lexicon_score(const struct lexicon *lexicon, const char *name);

/* Whether a name is known exactly as it is spelled, accents and capitals included. */
bool lexicon_has(const struct lexicon *lexicon, const char *name);

/* Up to three different names near to `name`, best first, "" for none. */
void lexicon_suggest(const struct lexicon *lexicon, const char *name, char suggestions[3][64]);

#endif
