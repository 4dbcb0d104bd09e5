/* JSON out. Runs of plain characters are copied whole; only what must be is escaped. */
#include "json/json_write.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void separate(struct json_out *o)
{
    if (o->comma)
        buf_char(o->to, ',');
    o->comma = true;
}

void json_open(struct json_out *o, char bracket)
{
    separate(o);
    buf_char(o->to, bracket);
    o->comma = false;
}

void json_close(struct json_out *o, char bracket)
{
    buf_char(o->to, bracket);
    o->comma = true;
}

/* U+2028 and U+2029 end a line in JavaScript source, so they never stand bare. */
static bool line_separator(const char *s, size_t n)
{
    return n >= 3 && memcmp(s, "\xe2\x80", 2) == 0 && (s[2] == '\xa8' || s[2] == '\xa9');
}

static bool plain(const char *s, size_t n)
{
    unsigned char c = (unsigned char)*s;
    if (c < 0x20 || c == '"' || c == '\\' || c == 0x7f)
        return false;
    return c != 0xe2 || !line_separator(s, n);
}

/* Writes the escape of what `s` starts with; how many bytes that was. */
static size_t write_escape(struct buf *to, const char *s)
{
    static const char named[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *at = *s ? strchr(named, *s) : NULL;
    if (at) {
        char pair[2] = {'\\', letters[at - named]};
        buf_add(to, pair, 2);
        return 1;
    }
    if (*s == '\xe2') {
        buf_str(to, s[2] == '\xa8' ? "\\u2028" : "\\u2029");
        return 3;
    }
    buf_printf(to, "\\u%04x", (unsigned)(unsigned char)*s);
    return 1;
}

static void write_string(struct buf *to, const char *s, size_t n)
{
    buf_char(to, '"');
    while (n > 0) {
        size_t run = 0;
        while (run < n && plain(s + run, n - run))
            run++;
        buf_add(to, s, run);
        if (run < n)
            run += write_escape(to, s + run);
        s += run;
        n -= run;
    }
    buf_char(to, '"');
}

void json_key(struct json_out *o, const char *key)
{
    separate(o);
    write_string(o->to, key, strlen(key));
    buf_char(o->to, ':');
    o->comma = false;
}

void json_strn(struct json_out *o, const char *s, size_t n)
{
    separate(o);
    write_string(o->to, s, n);
}

void json_str(struct json_out *o, const char *s)
{
    if (s)
        json_strn(o, s, strlen(s));
    else
        json_nil(o);
}

void json_long(struct json_out *o, long long v)
{
    separate(o);
    buf_printf(o->to, "%lld", v);
}

void json_bool(struct json_out *o, bool v)
{
    json_raw(o, v ? "true" : "false", v ? 4 : 5);
}

void json_nil(struct json_out *o)
{
    json_raw(o, "null", 4);
}

void json_raw(struct json_out *o, const char *text, size_t n)
{
    separate(o);
    buf_add(o->to, text, n);
}

void json_key_str(struct json_out *o, const char *key, const char *s)
{
    json_key(o, key);
    json_str(o, s);
}

void json_key_long(struct json_out *o, const char *key, long long v)
{
    json_key(o, key);
    json_long(o, v);
}

void json_key_bool(struct json_out *o, const char *key, bool v)
{
    json_key(o, key);
    json_bool(o, v);
}
