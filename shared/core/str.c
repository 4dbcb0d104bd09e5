/* Text: buffer, UTF-8, encodings, small parsers. */
#include "core/str.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

#define BUF_FIRST 256

void buf_reserve(struct buf *b, size_t n)
{
    size_t need;
    if (__builtin_add_overflow(b->len, n, &need) || need >= SIZE_MAX / 2)
        abort();
    if (need < b->cap)
        return;
    size_t cap = b->cap ? b->cap * 2 : BUF_FIRST;
    if (cap <= need)
        cap = need + 1;
    char *data = arena_alloc(b->mem, cap);
    if (b->len)
        memcpy(data, b->data, b->len);
    b->data = data;
    b->cap = cap;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    buf_reserve(b, n);
    if (n)
        memcpy(b->data + b->len, bytes, n);
    b->len += n;
    b->data[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_char(struct buf *b, char c)
{
    buf_reserve(b, 1);
    b->data[b->len++] = c;
    b->data[b->len] = '\0';
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(b->data ? b->data + b->len : NULL, b->cap - b->len, fmt, args);
    va_end(args);
    if (n < 0)
        abort();
    if (b->len + (size_t)n >= b->cap) {
        buf_reserve(b, (size_t)n);
        vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
    }
    va_end(again);
    b->len += (size_t)n;
}

bool str_eq(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool str_ieq(const char *a, const char *b)
{
    if (!a || !b)
        return a == b;
    for (; lower(*a) == lower(*b); a++, b++)
        if (!*a)
            return true;
    return false;
}

bool str_starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool mem_eq_ct(const void *a, const void *b, size_t n)
{
    const volatile unsigned char *x = a, *y = b; /* volatile: no early exit may be invented */
    unsigned char differs = 0;
    for (size_t i = 0; i < n; i++)
        differs = (unsigned char)(differs | (x[i] ^ y[i]));
    return differs == 0;
}

/* The range of the second byte tells overlongs, surrogates and what is above U+10FFFF (Unicode, table 3-7). */
size_t utf8_next(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    if (n == 0)
        return 0;
    if (p[0] < 0x80)
        return 1;
    size_t len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    if (p[0] < 0xc2 || p[0] > 0xf4 || n < len)
        return 0;
    unsigned char low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

bool utf8_valid(const char *s, size_t n)
{
    while (n > 0) {
        size_t len = utf8_next(s, n);
        if (len == 0)
            return false;
        s += len;
        n -= len;
    }
    return true;
}

size_t utf8_length(const char *s)
{
    size_t count = 0;
    for (; *s; s++)
        count += ((unsigned char)*s & 0xc0) != 0x80;
    return count;
}

/* -?(0|[1-9][0-9]*) at s; the bytes it takes, 0 when it is not there. */
static size_t integer_span(const char *s)
{
    size_t sign = *s == '-';
    size_t count = strspn(s + sign, "0123456789");
    if (count == 0 || (s[sign] == '0' && count > 1))
        return 0;
    return sign + count;
}

bool str_to_long(const char *s, long *out)
{
    size_t n = integer_span(s);
    if (n == 0 || s[n] != '\0')
        return false;
    int saved = errno;
    errno = 0;
    long value = strtol(s, NULL, 10);
    bool fits = errno == 0;
    errno = saved;
    if (fits)
        *out = value;
    return fits;
}

bool str_is_decimal(const char *s, int decimals)
{
    size_t n = integer_span(s);
    if (n == 0)
        return false;
    if (s[n] == '\0')
        return true;
    size_t fraction = s[n] == '.' ? strspn(s + n + 1, "0123456789") : 0;
    return fraction > 0 && decimals > 0 && fraction <= (size_t)decimals && s[n + 1 + fraction] == '\0';
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool str_is_uuid(const char *s)
{
    for (int i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : hex_value(s[i]) < 0)
            return false;
    }
    return s[36] == '\0';
}

/* Two digits for a byte; behind them. */
static char *put_hex(char *out, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    *out++ = digits[byte >> 4];
    *out++ = digits[byte & 15];
    return out;
}

void uuid_text(const unsigned char bytes[16], char out[37])
{
    for (size_t i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *out++ = '-';
        out = put_hex(out, bytes[i]);
    }
    *out = '\0';
}

char *hex_encode(struct arena *a, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    char *text = arena_alloc(a, n * 2 + 1), *out = text;
    for (size_t i = 0; i < n; i++)
        out = put_hex(out, p[i]);
    return text;
}

static const char base64url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

char *base64url_encode(struct arena *a, const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    char *out = arena_alloc(a, n / 3 * 4 + 4), *o = out;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < n; i++) {
        bits = bits << 8 | p[i];
        for (have += 8; have >= 6; have -= 6)
            *o++ = base64url_alphabet[bits >> (have - 6) & 63];
    }
    if (have > 0)
        *o++ = base64url_alphabet[bits << (6 - have) & 63];
    return out;
}

static int base64url_value(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

bool base64url_decode(struct arena *a, const char *s, size_t n, unsigned char **out, size_t *out_len)
{
    if (n % 4 == 1)
        return false;
    unsigned char *bytes = arena_alloc(a, n / 4 * 3 + 3), *o = bytes;
    uint32_t bits = 0;
    int have = 0;
    for (size_t i = 0; i < n; i++) {
        int value = base64url_value(s[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        have += 6;
        if (have >= 8) {
            have -= 8;
            *o++ = (unsigned char)(bits >> have);
        }
    }
    if (bits & ((1u << have) - 1)) /* bits nobody would have encoded: a second spelling of the same bytes */
        return false;
    *out = bytes;
    *out_len = (size_t)(o - bytes);
    return true;
}

bool percent_decode(struct arena *a, const char *s, size_t n, bool plus, char **out)
{
    char *text = arena_alloc(a, n + 1), *o = text;
    for (size_t i = 0; i < n; i++) {
        char c = s[i];
        if (c == '%') {
            int high = n - i > 2 ? hex_value(s[i + 1]) : -1, low = n - i > 2 ? hex_value(s[i + 2]) : -1;
            if (high < 0 || low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (c == '+' && plus) {
            c = ' ';
        }
        if (c == '\0')
            return false;
        *o++ = c;
    }
    if (!utf8_valid(text, (size_t)(o - text)))
        return false;
    *out = text;
    return true;
}
