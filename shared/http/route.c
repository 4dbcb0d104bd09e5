/* Path → route. Tables are short, so a linear scan over segments is both simple and fast. */
#include "http/route.h"

#include <string.h>

#include "core/str.h"

static const char *const method_names[] = {"", "GET", "POST", "PUT", "PATCH", "DELETE"};

enum method method_parse(const char *name)
{
    for (int m = GET; m <= DELETE; m++)
        if (str_eq(name, method_names[m]))
            return (enum method)m;
    return (enum method)0;
}

const char *method_name(enum method m)
{
    return method_names[m];
}

/* One segment of a path or pattern: from `s` (behind the slash) to the next slash or the end. */
struct segment { const char *s; size_t n; };

static struct segment next_segment(const char **at)
{
    struct segment seg = {.s = *at + 1, .n = strcspn(*at + 1, "/")};
    *at = seg.s + seg.n;
    return seg;
}

static bool is_token(struct segment s)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    return s.n >= 1 && s.n <= 128 && strspn(s.s, allowed) >= s.n;
}

static bool capture_fits(struct arena *mem, struct segment pattern, struct segment value)
{
    const char *colon = memchr(pattern.s, ':', pattern.n);
    bool uuid = colon && strncmp(colon, ":uuid", 5) == 0;
    return uuid ? str_is_uuid(arena_strndup(mem, value.s, value.n)) : is_token(value);
}

/* Patterns may continue after the braces: "{token:token}.ics". Returns the literal's length behind '}'. */
static size_t tail_length(struct segment pattern, const char **tail)
{
    const char *close = memchr(pattern.s, '}', pattern.n);
    *tail = close + 1;
    return pattern.n - (size_t)(close + 1 - pattern.s);
}

static bool match_capture(struct arena *mem, struct segment pattern, struct segment value, struct pair *capture)
{
    const char *tail;
    size_t tail_n = tail_length(pattern, &tail);
    if (value.n <= tail_n || strncmp(value.s + value.n - tail_n, tail, tail_n) != 0)
        return false;
    value.n -= tail_n;
    if (!capture_fits(mem, pattern, value))
        return false;
    capture->name = arena_strndup(mem, pattern.s + 1, strcspn(pattern.s + 1, ":}"));
    capture->value = arena_strndup(mem, value.s, value.n);
    return true;
}

/* Literal segments count for the choice between two patterns that match: more of them win. -1: no match. */
static int match(struct arena *mem, const char *pattern, const char *path, struct pair *captures, size_t *count)
{
    int literals = 0;
    *count = 0;
    while (*pattern == '/' && *path == '/') {
        struct segment p = next_segment(&pattern), v = next_segment(&path);
        if (p.n > 0 && p.s[0] == '{') {
            if (*count >= 4 || !match_capture(mem, p, v, &captures[*count]))
                return -1;
            (*count)++;
        } else if (p.n != v.n || memcmp(p.s, v.s, p.n) != 0) {
            return -1;
        } else {
            literals++;
        }
    }
    return *pattern || *path ? -1 : literals;
}

void route_find(struct arena *mem, const struct route *routes, enum method method, const char *path,
                struct route_match *out)
{
    int best = -1;
    *out = (struct route_match){0};
    for (const struct route *r = routes; r->method; r++) {
        struct pair captures[4];
        size_t count;
        int literals = match(mem, r->path, path, captures, &count);
        if (literals < 0)
            continue;
        out->allowed |= 1u << r->method;
        if (r->method != method || literals <= best)
            continue;
        best = literals;
        out->route = r;
        out->capture_count = count;
        memcpy(out->captures, captures, sizeof captures);
    }
}

const char *route_capture_name(struct arena *mem, const char *pattern, size_t k)
{
    for (const char *p = strchr(pattern, '{'); p; p = strchr(p + 1, '{'))
        if (k-- == 0)
            return arena_strndup(mem, p + 1, strcspn(p + 1, ":}"));
    return NULL;
}
