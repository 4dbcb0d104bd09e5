/* Small parsers against a second way of saying the same. */
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/clock.h"
#include "core/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* glibc's converter knows the same rules; its UTF-32 tells how many code points there are. */
static void check_utf8(struct arena *mem, const char *s, size_t n)
{
    static iconv_t cd;
    if (!cd)
        cd = iconv_open("UTF-32LE", "UTF-8");
    iconv(cd, NULL, NULL, NULL, NULL);
    char *in = arena_alloc(mem, n + 1), *out = arena_alloc(mem, 4 * n + 4), *to = out;
    memcpy(in, s, n);
    size_t in_left = n, out_left = 4 * n + 4;
    bool good = iconv(cd, &in, &in_left, &to, &out_left) != (size_t)-1;
    require(good == utf8_valid(s, n));
    if (good && !memchr(s, '\0', n))
        require(utf8_length(arena_strndup(mem, s, n)) == (size_t)(to - out) / 4);
}

static void check_base64url(struct arena *mem, const char *s, size_t n)
{
    unsigned char *bytes;
    size_t len;
    char *coded = base64url_encode(mem, s, n);
    require(base64url_decode(mem, coded, strlen(coded), &bytes, &len) && len == n && memcmp(bytes, s, n) == 0);
    if (base64url_decode(mem, s, n, &bytes, &len)) /* the only spelling of these bytes */
        require(strlen(base64url_encode(mem, bytes, len)) == n && memcmp(base64url_encode(mem, bytes, len), s, n) == 0);
}

static void check_percent(struct arena *mem, const char *s, size_t n)
{
    char *plain, *again;
    if (!percent_decode(mem, s, n, false, &plain))
        return;
    size_t len = strlen(plain);
    require(len <= n && utf8_valid(plain, len));
    struct buf coded = {.mem = mem};
    for (size_t i = 0; i < len; i++)
        buf_printf(&coded, "%%%02X", (unsigned char)plain[i]);
    buf_add(&coded, "", 0);
    require(percent_decode(mem, coded.data, coded.len, true, &again) && str_eq(plain, again));
}

static void check_numbers(struct arena *mem, const char *s)
{
    long value = 12345;
    if (str_to_long(s, &value))
        require(str_eq(arena_printf(mem, "%ld", value), s) || str_eq(s, "-0"));
    else
        require(value == 12345);
    if (str_is_decimal(s, 2)) {
        char *end;
        strtod(s, &end);
        require(*end == '\0' && strspn(s, "-0123456789.") == strlen(s));
    }
}

/* The date's own parts, put together by the C library, are the same date. */
static void check_times(const char *s)
{
    struct tm tm = {0};
    char back[16];
    if (time_is_date(s)) {
        require(strptime(s, "%Y-%m-%d", &tm) != NULL);
        time_t seconds = timegm(&tm);
        time_format_date((int32_t)(seconds / 86400 - 10957), back);
        require(str_eq(back, s));
    }
    if (time_is_timestamp(s))
        require(strptime(s, "%Y-%m-%dT%H:%M:%S", &tm) != NULL && strlen(s) <= 35);
    if (time_is_clock(s))
        require(strptime(s, "%H:%M", &tm) != NULL && strlen(s) == 5);
    if (str_is_uuid(s))
        require(strlen(s) == 36);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *mem = arena_new(4096);
    const char *bytes = (const char *)data;
    char *text = arena_strndup(mem, size ? bytes : "", size);
    check_utf8(mem, bytes, size);
    check_base64url(mem, bytes, size);
    check_percent(mem, bytes, size);
    check_numbers(mem, text);
    check_times(text);
    arena_free(mem);
    return 0;
}
