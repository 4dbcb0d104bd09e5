/* Text: a growing buffer on an arena, UTF-8, encodings, small parsers. All strings are UTF-8 and NUL-terminated. */
#ifndef DASTERN_CORE_STR_H
#define DASTERN_CORE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A name and its value. */
struct pair {
    const char *name, *value;
};

/* A growing byte buffer. Zero-initialise, set mem. `data` is always NUL-terminated once something was added. */
struct buf {
    struct arena *mem;
    char *data;
    size_t len, cap;
};

/* Room for n more bytes and a NUL: worth calling when much is going to be added. */
void buf_reserve(struct buf *b, size_t n);
/* Add to the end: bytes, a string, one character, a printf. */
void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

bool str_eq(const char *a, const char *b);          /* NULL equals only NULL */
bool str_ieq(const char *a, const char *b);         /* ASCII case-insensitive */
bool str_starts(const char *s, const char *prefix);
/* Same time for any content of equal length (secrets). */
bool mem_eq_ct(const void *a, const void *b, size_t n);

/* Bytes of the code point that s (n bytes) starts with; 0 when it starts with no whole, valid one. */
size_t utf8_next(const char *s, size_t n);
/* Strict UTF-8: no overlongs, no surrogates, nothing above U+10FFFF. A NUL byte is valid (U+0000). */
bool utf8_valid(const char *s, size_t n);
/* Code points of a valid string. */
size_t utf8_length(const char *s);

/* Whole-string decimal parsers: no sign but '-', no leading zeros, no spaces, no overflow; false leaves *out alone. */
bool str_to_long(const char *s, long *out);
/* "0007", "1e3", "+1" are refused; at most `decimals` digits after the point. Only checks the form. */
bool str_is_decimal(const char *s, int decimals);
bool str_is_uuid(const char *s);                     /* 8-4-4-4-12 hex, any case */
void uuid_text(const unsigned char bytes[16], char out[37]); /* the same in lower case, NUL-terminated */

/* base64url without padding (RFC 4648 §5). Encode: NUL-terminated. Decode refuses padding, whitespace, stray bits. */
char *base64url_encode(struct arena *a, const void *bytes, size_t n);
bool base64url_decode(struct arena *a, const char *s, size_t n, unsigned char **out, size_t *out_len);
char *hex_encode(struct arena *a, const void *bytes, size_t n);

/* Decodes %XX (and '+' as space when `plus`). False for broken escapes, %00, and broken UTF-8. */
bool percent_decode(struct arena *a, const char *s, size_t n, bool plus, char **out);

#endif
