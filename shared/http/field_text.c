/* One text value against one field: form, bounds, normal form. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/limits.h"
#include "core/str.h"
#include "http/field.h"

#define EMAIL_BYTES_MAX 254 /* RFC 5321 §4.5.3.1.3 less the angle brackets */
#define COUNTRY_PREFIX "+855" /* what a national number's leading 0 stands for: Cambodia */

static bool has_control(const char *s, bool lines)
{
    for (const unsigned char *p = (const unsigned char *)s; *p; p++)
        if ((*p < 0x20 && !(lines && (*p == '\n' || *p == '\t'))) || *p == 0x7f)
            return true;
    return false;
}

static bool length_fits(const struct field *field, const char *s, double fallback_min)
{
    double n = (double)utf8_length(s);
    bool bounded = field->min != 0 || field->max != 0;
    return n >= (bounded ? field->min : fallback_min) && n <= (field->max != 0 ? field->max : LIMIT_TEXT_CHARS);
}

static char *lower(struct arena *mem, const char *s)
{
    char *out = arena_strdup(mem, s);
    for (char *p = out; *p; p++)
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    return out;
}

static bool is_email_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || strchr(".!#$%&'*+/=?^_`{|}~-@", c) != NULL;
}

/* The addresses people have: dot-atom@host.domain in ASCII; no quoted local parts, no comments. */
static const char *read_email(struct arena *mem, const char *s)
{
    char *e = lower(mem, s);
    const char *at = strchr(e, '@');
    if (strlen(e) > EMAIL_BYTES_MAX || !at || at == e || at - e > 64 || strchr(at + 1, '@') || strstr(e, "..") ||
        e[0] == '.' || at[-1] == '.' || at[1] == '.' || at[1] == '-' || !strchr(at, '.') || e[strlen(e) - 1] == '.')
        return NULL;
    for (const char *p = e; *p; p++)
        if (!is_email_char(*p) || (p > at && *p != '-' && *p != '.' && !(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9')))
            return NULL;
    return e;
}

/* To E.164 (ITU-T): blanks, dashes and brackets go, a leading 0 becomes the country's prefix. */
static const char *read_phone(struct arena *mem, const char *s)
{
    struct buf out = {.mem = mem};
    for (const char *p = s; *p; p++) {
        if (strchr(" -()", *p))
            continue;
        bool plus = *p == '+' && out.len == 0;
        if (!plus && (*p < '0' || *p > '9'))
            return NULL;
        if (*p == '0' && out.len == 0)
            buf_str(&out, COUNTRY_PREFIX);
        else
            buf_char(&out, *p);
    }
    if (out.len < 9 || out.len > 16 || out.data[0] != '+' || out.data[1] == '0')
        return NULL;
    return out.data;
}

static const char *in_range(const struct field *field, double v, const char *text, const char **code)
{
    bool bounded = field->min != 0 || field->max != 0;
    if (bounded && v < field->min)
        *code = "min";
    else if (bounded && v > field->max)
        *code = "max";
    else
        return text;
    return NULL;
}

static const char *read_choice(const struct field *field, const char *s, const char **code)
{
    for (const char *const *c = field->choices; c && *c; c++)
        if (str_eq(*c, s))
            return *c;
    *code = "choice";
    return NULL;
}

static const char *read_number(const struct field *field, const char *s, const char **code)
{
    long whole;
    if (field->type == F_INT && !str_to_long(s, &whole))
        return NULL;
    if (field->type == F_DECIMAL && (!str_is_decimal(s, 2) || strlen(s) > 15))
        return NULL;
    return in_range(field, strtod(s, NULL), s, code);
}

static const char *read_plain(const struct field *field, const char *s, const char **code)
{
    bool is_password = field->type == F_PASSWORD;
    if (!is_password && has_control(s, true)) {
        *code = "control";
        return NULL;
    }
    if (!length_fits(field, s, 1)) {
        *code = "length";
        return NULL;
    }
    return s;
}

const char *field_read_text(struct arena *mem, const struct field *field, const char *s, const char **code)
{
    *code = "format";
    switch (field->type) {
    case F_TEXT: case F_PASSWORD: return read_plain(field, s, code);
    case F_EMAIL: return read_email(mem, s);
    case F_PHONE: return read_phone(mem, s);
    case F_UUID: return str_is_uuid(s) ? lower(mem, s) : NULL;
    case F_INT: case F_DECIMAL: return read_number(field, s, code);
    case F_BOOL: return str_eq(s, "true") || str_eq(s, "false") ? s : NULL;
    case F_DATE: return time_is_date(s) ? s : NULL;
    case F_CLOCK: return time_is_clock(s) ? s : NULL;
    case F_TIMESTAMP: return time_is_timestamp(s) ? s : NULL;
    case F_CHOICE: return read_choice(field, s, code);
    case F_OBJECT: case F_LIST: *code = "type"; return NULL;
    }
    return NULL;
}
