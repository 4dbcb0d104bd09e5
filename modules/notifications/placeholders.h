/* Texts with {placeholders}. */
#ifndef DASTERN_NOTIFICATIONS_PLACEHOLDERS_H
#define DASTERN_NOTIFICATIONS_PLACEHOLDERS_H

#include <jansson.h>

#include "core/arena.h"
#include "core/err.h"

/* The languages of the catalogues, as indices. */
enum language { KM, EN, FR, LANGUAGES };

/* The index of "km", "en" or "fr"; of anything else Khmer. */
enum language language_index(const char *language);

/* Copies `pattern`, each {name} replaced by the text of that name in `values`; values are not looked into again. E_INVALID: a
 * name has none. */
enum err placeholders_fill(struct arena *mem, const char *pattern, const json_t *values, char **out) MUST_CHECK;

#endif
