/* JSON in: strict reading of hostile text into jansson values. Replies never come this way. */
#ifndef DASTERN_JSON_READ_H
#define DASTERN_JSON_READ_H

#include <jansson.h>

#include "core/arena.h"

struct json_fault {
    const char *code; /* json.syntax, json.depth, json.duplicate_key, json.encoding, json.nul, json.number (too big to hold) */
    long line, column;
};

/* Parses exactly one value of any type; refuses invalid UTF-8, U+0000, duplicate keys, depth over LIMIT_JSON_DEPTH,
 * numbers that are not finite, trailing text. The value is released with the arena. NULL on a fault. */
json_t *json_read(struct arena *mem, const char *text, size_t n, struct json_fault *fault);

/* The JSON object that a part of a token (RFC 7515: base64url, n characters) spells, or NULL. */
json_t *json_read_part(struct arena *mem, const char *part, size_t n);

/* Compact text of a value (keys in input order) on the arena. */
char *json_text(struct arena *mem, const json_t *value);

/* Decimal text of a JSON number. Numbers of up to 15 significant digits keep their exact value ("0.10" gives "0.1", never
 * 0.10000000000000001), more digits are rounded to 15. Very large or small ones come as "1e+20", which str_is_decimal refuses. */
char *json_number_text(struct arena *mem, const json_t *number);
/* From now on jansson wipes what it frees, and having no memory ends the process. Once, before there are threads or values. */
void json_own_memory(void);

#endif
