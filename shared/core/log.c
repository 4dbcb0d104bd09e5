/* Log lines are built in a fixed buffer of one PIPE_BUF, so that lines of several processes on one pipe never mix. */
#include "core/log.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/clock.h"
#include "core/str.h"

#define LINE_BYTES PIPE_BUF
#define VALUE_BYTES 512
#define TAIL "\"cut\":true}\n" /* room for this is always kept */
#define UNIX_TO_2000 INT64_C(946684800)

struct log_line {
    size_t len;
    bool full;
    char text[LINE_BYTES];
};

static _Thread_local struct log_line the_line;
static char area_name[32] = "-";
static enum log_level lowest = LOG_INFO;

static const char *const level_names[] = {"debug", "info", "warn", "error"};

void log_init(const char *area, const char *level)
{
    snprintf(area_name, sizeof area_name, "%s", area);
    for (enum log_level l = LOG_DEBUG; l <= LOG_ERROR; l++)
        if (str_eq(level, level_names[l]))
            lowest = l;
}

static bool put(struct log_line *l, const char *s, size_t n)
{
    if (n > sizeof l->text - sizeof TAIL - l->len)
        return false;
    memcpy(l->text + l->len, s, n);
    l->len += n;
    return true;
}

static bool put_text(struct log_line *l, const char *s)
{
    return put(l, s, strlen(s));
}

/* One code point: as it is, or escaped; broken UTF-8 becomes U+FFFD. */
static bool put_code_point(struct log_line *l, const char *s, size_t n)
{
    unsigned char c = (unsigned char)*s;
    if (n == 0)
        return put_text(l, "\\ufffd");
    if (c == '"' || c == '\\')
        return put(l, "\\", 1) && put(l, s, 1);
    if (c >= 0x20 && c != 0x7f)
        return put(l, s, n);
    char escaped[8];
    snprintf(escaped, sizeof escaped, "\\u%04x", c);
    return put_text(l, escaped);
}

static bool put_string(struct log_line *l, const char *s)
{
    size_t left = strnlen(s, VALUE_BYTES);
    if (!put(l, "\"", 1))
        return false;
    while (left > 0) {
        size_t n = utf8_next(s, left);
        if (!put_code_point(l, s, n))
            return false;
        s += n ? n : 1;
        left -= n ? n : 1;
    }
    return put(l, "\"", 1);
}

/* Adds a member or, when it doesn't fit, nothing of it. `value` is text to be quoted, `raw` goes as it is. */
static void put_member(struct log_line *l, const char *key, const char *value, const char *raw)
{
    size_t start = l->len;
    bool done = put_string(l, key) && put(l, ":", 1) && (value ? put_string(l, value) : put_text(l, raw)) && put(l, ",", 1);
    if (done)
        return;
    l->len = start;
    l->full = true;
}

static void put_time(struct log_line *l)
{
    struct timespec now;
    char text[32];
    clock_gettime(CLOCK_REALTIME, &now);
    time_format_timestamp(((int64_t)now.tv_sec - UNIX_TO_2000) * 1000000 + now.tv_nsec / 1000, text);
    put_member(l, "time", text, NULL);
}

struct log_line *log_begin(enum log_level level, const char *event)
{
    if (level < lowest)
        return NULL;
    struct log_line *l = &the_line;
    l->len = 0;
    l->full = false;
    put(l, "{", 1);
    put_time(l);
    put_member(l, "level", level_names[level], NULL);
    put_member(l, "area", area_name, NULL);
    put_member(l, "event", event, NULL);
    return l;
}

void log_str(struct log_line *l, const char *key, const char *value)
{
    if (l)
        put_member(l, key, value, "null");
}

void log_int(struct log_line *l, const char *key, long value)
{
    if (!l)
        return;
    char text[24];
    snprintf(text, sizeof text, "%ld", value);
    put_member(l, key, NULL, text);
}

void log_end(struct log_line *l)
{
    if (!l)
        return;
    const char *tail = TAIL;
    if (!l->full) {
        l->len--; /* the comma of the last member */
        tail = "}\n";
    }
    memcpy(l->text + l->len, tail, strlen(tail));
    l->len += strlen(tail);
    int saved = errno;
    while (write(STDERR_FILENO, l->text, l->len) < 0 && errno == EINTR)
        continue;
    errno = saved;
}

void log_note(enum log_level level, const char *event, const char *key, const char *value)
{
    struct log_line *l = log_begin(level, event);
    log_str(l, key, value);
    log_end(l);
}
