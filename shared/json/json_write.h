/* JSON out: a streaming writer over a buffer; commas are its business. No tree is ever built. */
#ifndef DASTERN_JSON_WRITE_H
#define DASTERN_JSON_WRITE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/str.h"

struct json_out {
    struct buf *to;
    bool comma; /* the next item needs a comma before it */
};

void json_open(struct json_out *o, char bracket);  /* '{' or '[' */
void json_close(struct json_out *o, char bracket); /* '}' or ']' */
void json_key(struct json_out *o, const char *key);
/* Values, inside arrays or after json_key. Strings: control characters, '"', '\\' escaped; U+2028/9 too. */
void json_str(struct json_out *o, const char *s);               /* NULL writes null */
void json_strn(struct json_out *o, const char *s, size_t n);
void json_long(struct json_out *o, long long v);
void json_bool(struct json_out *o, bool v);
void json_nil(struct json_out *o);                 /* null; not json_null, which is jansson's */
void json_raw(struct json_out *o, const char *text, size_t n);  /* already JSON */
/* key + value in one call */
void json_key_str(struct json_out *o, const char *key, const char *s);
void json_key_long(struct json_out *o, const char *key, long long v);
void json_key_bool(struct json_out *o, const char *key, bool v);

#endif
