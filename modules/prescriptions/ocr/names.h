/* The name cell: what the medicine is called, how strong it is, and in which form it comes. */
#ifndef DASTERN_OCR_NAMES_H
#define DASTERN_OCR_NAMES_H

#include "engine.h"
#include "lexicon.h"

/* Splits "1. Tab. Amoxicillin 500 mg" into its parts; form is "" unless the text names one. Each out has OCR_TEXT_MAX bytes. */
void names_split(const char *text, char *name, char *strength, char *form);

/* Puts the lines of a cell together with spaces; a word that was cut at the end of a line gets none, and with `mend` loses its
 * hyphen. */
void names_join(const char *lines, bool mend, char out[OCR_TEXT_MAX]);

/* Reads a name cell into the row: name, strength, form (when named), suggestions. The boxes are set by the caller. */
void names_read(struct engine *engine, const struct lexicon *lexicon, PIX *crop, struct ocr_row *row);

/* Reads the row's strength from a cell of its own. */
void names_read_strength(struct engine *engine, PIX *crop, struct ocr_row *row);

#endif
