/* Every field of every route with values that do not fit, and every body with bytes that are none: refused by name, within
 * two seconds, and nothing is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"
#include "hostile.h"

/* --- fields ---------------------------------------------------------------------------------------------------------------- */

/* JSON texts that no field of a type takes; "*": that no field takes, and most are no JSON. "%" stands for a text that is
 * too long for any. */
static const struct {
    const char *type;
    const char *values[24];
} misfits[] = {
    {"*", {"{\"zz\":1}", "[[[]]]", "1e400", "-1e400", "123456789012345678901234567890", "NaN", "Infinity", "0x10", "01", "'x'", "tru", "\"\\u0000\"",
           "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"\\ud800\\u0041\"",
           "\"a\xff\xfe\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\\x41\"", "\"open"}},
    {"text", {"5", "true", "[]", "{}", "[\"x\"]", "\"\"", "\"\\u0007\"", "\"\\u007f\"", "%"}},
    {"password", {"5", "true", "[]", "{}", "%"}}, /* an empty one is just wrong where the present one is asked for */
    {"email", {"5", "[]", "\"\"", "\"x\"", "\"a@b\"", "\"a b@c.de\"", "\"a@b.c\\r\\nBcc: d@e.fg\"", "\"@b.cd\"", "%"}},
    {"phone", {"5", "[]", "\"\"", "\"x\"", "\"+\"", "\"+855'--\"", "\"012345678901234567890\"", "%"}},
    {"uuid", {"5", "[]", "\"\"", "\"x\"", "\"0\"", "\"00000000-0000-0000-0000-00000000000\"", "\"{00000000-0000-0000-0000-000000000000}\"",
              "\"00000000-0000-0000-0000-000000000000'--\"", "\"00000000000000000000000000000000\"", "\"gggggggg-0000-0000-0000-000000000000\"", "%"}},
    {"int", {"\"5\"", "1e400", "123456789012345678901234567890", "1.5", "5.0", "1e2", "true", "[]", "{}", "\"\"", "-9223372036854775808",
             "9223372036854775807", "-1000000", "%"}},
    {"decimal", {"\"5\"", "-1e400", "123456789012345678901234567890", "0.001", "1e-7", "true", "[]", "{}",
                 "-9223372036854775808", "9223372036854775807", "-0.01", "1e300", "99999999.99", "%"}},
    {"bool", {"\"true\"", "1", "0", "[]", "{}", "\"\""}},
    {"date", {"5", "[]", "\"\"", "\"2026-13-01\"", "\"2026-02-30\"", "\"0000-00-00\"", "\"2026-1-1\"", "\"2026-01-01T00:00:00Z\"", "\"infinity\"", "\"now\"",
              "\"today\"", "\"99999-01-01\"", "\"-001-01-01\"", "\"2026-01-01 BC\"", "%"}},
    {"clock", {"5", "[]", "\"\"", "\"24:00\"", "\"7:05\"", "\"07:60\"", "\"07:05:00\"", "\"now\"", "\"allballs\"", "%"}},
    {"timestamp", {"5", "[]", "\"\"", "\"2026-01-01\"", "\"infinity\"", "\"now\"", "\"2026-01-01T25:00:00Z\"", "\"2026-01-01T00:00:00\"",
                   "\"2026-02-30T00:00:00Z\"", "\"2026-01-01T00:00:00+99:00\"", "\"10000-01-01T00:00:00Z\"", "\"epoch\"", "%"}},
    {"choice", {"5", "[]", "{}", "\"\"", "\"zz\"", "\"PATIENT\"", "\"admin'--\"", "%"}},
    {"object", {"5", "[]", "\"x\"", "true"}},
    {"list", {"5", "{}", "\"x\"", "true", "[null]", "[{}, 5, \"\"]"}},
};

static char too_long[20003]; /* a JSON text of 20,000 characters */

static struct arena *mem;    /* for one route */

/* One value at one place: `before` value `after`, where the pointer says. */
struct place {
    const char *before, *after, *pointer;
};

static void try_value(const struct target *t, const struct place *at, const char *value)
{
    const char *body = arena_printf(mem, "%s%s%s", at->before, *value == '%' ? too_long : value, at->after);
    hostile_names(t, body, hostile_send(t, NULL, body, strlen(body), NULL), at->pointer);
}

static void try_values_of(const struct target *t, const struct place *at, const char *type)
{
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++)
        if (strcmp(misfits[i].type, type) == 0)
            for (const char *const *value = misfits[i].values; *value; value++)
                try_value(t, at, *value);
}

static void try_fields(const struct target *t, const struct place *at, const json_t *fields);

static void try_field(const struct target *t, const struct place *at, const json_t *field)
{
    const char *type = served_text(field, "type");
    const json_t *members = json_object_get(field, "fields"), *item = json_object_get(field, "item");
    bool opaque = strcmp(type, "object") == 0 && !members; /* its members are the handler's to check */
    if (!opaque)
        try_values_of(t, at, type);
    if (!json_is_true(json_object_get(field, "nullable")))
        try_value(t, at, "null");
    if (members)
        try_fields(t, at, members);
    if (item) {
        struct place first = {arena_printf(mem, "%s[", at->before), arena_printf(mem, "]%s", at->after), arena_printf(mem, "%s/0", at->pointer)};
        try_field(t, &first, item);
    }
}

static void try_fields(const struct target *t, const struct place *at, const json_t *fields)
{
    size_t i;
    json_t *field;
    json_array_foreach(fields, i, field) {
        const char *name = served_text(field, "name");
        struct place inside = {arena_printf(mem, "%s{\"%s\":", at->before, name), arena_printf(mem, "}%s", at->after),
                               arena_printf(mem, "%s/%s", at->pointer, name)};
        if (i == 0)
            try_values_of(t, &inside, "*");
        try_field(t, &inside, field);
    }
}

static void fields_of(const struct target *t)
{
    if (served_has_body(t->route))
        try_fields(t, &(struct place){"", "", ""}, json_object_get(t->route, "fields"));
    arena_reset(mem);
}

void every_field_refuses_what_does_not_fit(void **state)
{
    (void)state;
    mem = arena_new(1 << 20);
    memset(too_long, 'a', sizeof too_long - 1);
    too_long[0] = too_long[sizeof too_long - 2] = '"';
    hostile_each(fields_of);
    arena_free(mem);
    hostile_done();
}

/* --- bodies ------------------------------------------------------------------------------------------------------------------ */

static const struct {
    const char *what, *body, *content_type;
    int status;
} bodies[] = {
    {"an array", "[]", NULL, 400},
    {"a text", "\"x\"", NULL, 400},
    {"null", "null", NULL, 400},
    {"a number", "5", NULL, 400},
    {"blanks", "  ", NULL, 400},
    {"a word", "hello", NULL, 400},
    {"an open object", "{\"a\":", NULL, 400},
    {"a comment", "/* */{}", NULL, 400},
    {"a comma too many", "{\"zz\":1,}", NULL, 400},
    {"trailing garbage", "{} x", NULL, 400},
    {"two objects", "{}{}", NULL, 400},
    {"a byte order mark", "\xef\xbb\xbf{}", NULL, 400},
    {"UTF-16", "{\0}\0", NULL, 400},
    {"broken UTF-8", "{\"zz\":\"\xff\"}", NULL, 400},
    {"a NUL in a key", "{\"z\\u0000\":1}", NULL, 400},
    {"a key twice", "{\"zz\":1,\"zz\":2}", NULL, 400},
    {"a key twice, spelled otherwise", "{\"zz\":1,\"\\u007az\":2}", NULL, 400},
    {"seventeen levels", "{\"a\":[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]}", NULL, 400},
    {"an unknown key", "{\"zz\":1}", NULL, 422},
    {"an empty key", "{\"\":1}", NULL, 422},
    {"keys of objects", "{\"__proto__\":{\"role\":\"admin\"},\"constructor\":1}", NULL, 422},
    {"what is ours to say", "{\"user_id\":\"x\",\"verified\":true,\"session_id\":\"x\",\"created_by\":\"x\",\"is_active_\":true}", NULL, 422},
    {"built-ins", "{\"ip\":\"x\",\"request_id\":\"x\",\"if_match\":\"x\",\"cursor_1\":\"x\",\"has_role\":\"t\"}", NULL, 422},
    {"text/plain", "{\"zz\":1}", "text/plain", 415},
    {"a web form", "{\"zz\":1}", "application/x-www-form-urlencoded", 415},
    {"nearly JSON", "{\"zz\":1}", "application/jsonp", 415},
    {"JSON of another kind", "{\"zz\":1}", "application/merge-patch+json", 415},
    {"XML", "<a/>", "application/xml", 415},
    {"an empty type", "{\"zz\":1}", " ", 415},
};

static void bodies_of(const struct target *t)
{
    if (!served_has_body(t->route))
        return;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        size_t n = strncmp(bodies[i].body, "{", 2) == 0 ? 4 : strlen(bodies[i].body); /* UTF-16 */
        struct answer *a = hostile_send(t, NULL, bodies[i].body, n, bodies[i].content_type);
        if (hostile_refused(t, bodies[i].what, a) && a->status != bodies[i].status)
            hostile_miss(t, bodies[i].what, a);
    }
}

void every_body_refuses_what_is_none(void **state)
{
    (void)state;
    hostile_each(bodies_of);
    hostile_done();
}

/* --- large ones --------------------------------------------------------------------------------------------------------------- */

static char *large;
#define LARGE_BYTES (1024 * 1024)

static void send_large(const struct target *t, const char *what, const char *before, const char *middle, const char *after, size_t size, int status)
{
    size_t n = (size_t)snprintf(large, size, "%s", before), step = strlen(middle), end = strlen(after);
    while (n + step + end <= size) {
        memcpy(large + n, middle, step);
        n += step;
    }
    memcpy(large + n, after, end);
    struct answer *a = hostile_send(t, NULL, large, n + end, NULL);
    if (hostile_refused(t, what, a) && a->status != status)
        hostile_miss(t, what, a);
}

/* Reading a body is the same code for all routes of an executable: one route of each will do for what takes long. */
static bool is_first_of_area(const struct target *t)
{
    static const char *area;
    if (!served_has_body(t->route) || (area && strcmp(area, served_text(t->route, "area")) == 0))
        return false;
    area = served_text(t->route, "area");
    return true;
}

static void large_bodies_of(const struct target *t)
{
    if (!is_first_of_area(t))
        return;
    send_large(t, "a text of 1 MB", "{\"zz\":\"", "a", "\"}", LARGE_BYTES, 422);
    send_large(t, "a key of 1 MB", "{\"", "z", "\":1}", LARGE_BYTES, 422);
    send_large(t, "100,000 brackets", "{\"zz\":", "[", "", 100000, 400);
    send_large(t, "100,000 braces", "", "{\"a\":", "", 100000, 400);
    send_large(t, "a list of 1 MB", "{\"zz\":[", "0,", "0]}", LARGE_BYTES, 422);
    send_large(t, "a byte too many", "{\"zz\":\"", "a", "\"}", LARGE_BYTES + 1, 413);
}

void large_bodies_are_refused(void **state)
{
    (void)state;
    large = malloc(LARGE_BYTES + 64);
    assert_non_null(large);
    hostile_each(large_bodies_of);
    free(large);
    hostile_done();
}

/* 20,000 different keys make no answer of 20,000 faults, nor quadratic work. */
static void many_keys_of(const struct target *t)
{
    if (!is_first_of_area(t))
        return;
    char *body = malloc(20000 * 12 + 16);
    assert_non_null(body);
    size_t n = (size_t)snprintf(body, 8, "{\"a\":1");
    for (int i = 0; i < 20000; i++)
        n += (size_t)snprintf(body + n, 16, ",\"k%d\":1", i);
    body[n++] = '}';
    struct answer *a = hostile_send(t, NULL, body, n, NULL);
    if (hostile_refused(t, "20,000 keys", a) && (a->status != 422 || answer_count(a, "errors") > 100))
        hostile_miss(t, "20,000 keys", a);
    free(body);
}

void many_keys_are_refused(void **state)
{
    (void)state;
    hostile_each(many_keys_of);
    hostile_done();
}

/* --- on the wire --------------------------------------------------------------------------------------------------------------- */

static void send_wire(const struct target *t, const char *headers, const char *body, bool hang_up)
{
    char text[4096];
    int n = snprintf(text, sizeof text, "%s /api/v1%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n"
                     "Content-Type: application/json\r\n%s\r\n\r\n%s", t->method, t->path, t->token ? t->token : "none", headers, body);
    if (!hang_up) {
        hostile_refused(t, headers, client_raw(text, (size_t)n, 2));
        return;
    }
    int fd = client_connect();
    assert_true(fd >= 0);
    assert_int_equal(send(fd, text, (size_t)n, MSG_NOSIGNAL), n);
    close(fd);
}

static void wire_of(const struct target *t)
{
    if (!served_has_body(t->route))
        return;
    send_wire(t, "Transfer-Encoding: chunked", "8\r\n{\"zz\":1}\r\n0\r\n\r\n", false);
    send_wire(t, "Transfer-Encoding: chunked", "1\r\n{\r\n5\r\n\"zz\":\r\n2\r\n1}\r\n0\r\n\r\n", false);
    send_wire(t, "Content-Length: 100", "{\"name\":\"half a bo", true);
    send_wire(t, "Transfer-Encoding: chunked", "2\r\n{}\r\n", true); /* whole as JSON, but its end never came */
    send_wire(t, "Content-Length: 3", "{}", true);
}

void bodies_in_pieces_and_cut_off_do_nothing(void **state)
{
    (void)state;
    hostile_each(wire_of);
    hostile_done();
}
