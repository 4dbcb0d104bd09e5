/* Hostile request lines: queries, cursors, methods and paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/arena.h"
#include "core/str.h"
#include "hostile.h"

static char long_value[3001];

static void fill_long_value(void)
{
    memset(long_value, 'a', sizeof long_value - 1);
}

static const char *word(const json_t *route, const char *name)
{
    return served_text(route, name);
}

/* --- queries ---------------------------------------------------------------------------------------------------------------- */

/* As they stand in a query; no parameter of the type takes them. */
static const struct {
    const char *type;
    const char *values[14];
} misfits[] = {
    {"text", {"", "%07", "%7F", "%0D%0ASet-Cookie:x"}},
    {"uuid", {"", "x", "1", "%27", "00000000-0000-0000-0000-00000000000g", "00000000-0000-0000-0000-000000000000'", "null"}},
    {"int", {"", "x", "-1", "1.5", "1e1", "%2B1", "0x1", "999999999999999999999999", "-9223372036854775809", "%201"}},
    {"bool", {"", "x", "1", "TRUE", "yes"}},
    {"date", {"", "x", "2026-02-30", "2026-13-01", "infinity", "now", "today", "99999-01-01", "2026-01-01%20"}},
    {"timestamp", {"", "x", "2026-01-01", "infinity", "now", "2026-02-30T00:00:00Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00%2B99:00"}},
    {"choice", {"", "x", "%27%20OR%201=1", "completed,error"}},
    {"*", {"%00", "a%00", "%ff", "%c0%80", "%ed%a0%80", "%", "%4", "%zz"}},
};

static void try_parameter(const struct target *t, const char *name, const char *type)
{
    char query[3100];
    for (size_t i = 0; i < sizeof misfits / sizeof *misfits; i++)
        if (strcmp(misfits[i].type, type) == 0 || *misfits[i].type == '*')
            for (const char *const *value = misfits[i].values; *value; value++) {
                snprintf(query, sizeof query, "%s=%s", name, *value);
                struct answer *a = hostile_send(t, query, NULL, 0, NULL);
                if (hostile_refused(t, query, a) && strcmp(answer_text(a, "code"), "request.query") != 0)
                    hostile_names(t, query, a, name);
            }
    snprintf(query, sizeof query, "%s=%s", name, long_value);
    hostile_names(t, query, hostile_send(t, query, NULL, 0, NULL), name);
    snprintf(query, sizeof query, "%s=x&%s=y", name, name);
    hostile_names(t, query, hostile_send(t, query, NULL, 0, NULL), name);
}

static void parameters_of(const struct target *t)
{
    size_t i;
    json_t *field;
    if (served_has_body(t->route))
        return;
    json_array_foreach(json_object_get(t->route, "fields"), i, field)
        try_parameter(t, word(field, "name"), word(field, "type"));
}

void every_parameter_refuses_what_does_not_fit(void **state)
{
    (void)state;
    fill_long_value();
    hostile_each(parameters_of);
    hostile_done();
}

/* No route takes any of these, whatever its method. A body that is refused, too, keeps them from doing anything. */
static void queries_of(const struct target *t)
{
    static const char *const queries[] = {"zz=1", "=1", "zz", "%zz=1", "zz=%", "%00=1", "zz=%00", "%ff=1", "user_id=x&role=admin", "zz[]=1", "zz.x=1",
                                          "a=1&b=2&c=3&d=4&e=5&f=6&g=7&h=8&i=9&j=1&k=1&l=1&m=1&n=1&o=1&p=1&q=1&r=1&s=1&t=1&u=1&v=1&w=1&x=1&y=1&z=1"
                                          "&aa=1&bb=1&cc=1&dd=1&ee=1&ff=1&gg=1&hh=1"};
    bool has_body = served_has_body(t->route);
    for (size_t i = 0; i < sizeof queries / sizeof *queries; i++)
        hostile_refused(t, queries[i], hostile_send(t, queries[i], has_body ? "{\"zz\":1}" : NULL, 8, NULL));
    if (has_body)
        hostile_names(t, "paging where there is none", hostile_send(t, "limit=5", "{\"zz\":1}", 8, NULL), "/limit");
}

void every_query_refuses_what_is_none(void **state)
{
    (void)state;
    hostile_each(queries_of);
    hostile_done();
}

/* --- paging ------------------------------------------------------------------------------------------------------------------ */

static const char *const limits[] = {"", "0", "101", "x", "-1", "1.5", "1e1", "999999999999999999999", "%00", "5%20", "0x5", "5&limit=5"};

/* Not even a cursor's form. */
static const char *const no_cursors[] = {"", "@@@", "a", "AA==", "%00", "AAA%3D", "AP8A", "wIA", "YQA"};

/* What a cursor holds once it is unpacked: well-formed, but never made here. */
static const char *const forged[] = {"x", "' OR 1=1 --", "1); DROP TABLE users; --", "NaN", "\x1f", "\x1f\x1f", "00000000-0000-0000-0000-00000000000g",
                                     "x\x1f" "00000000-0000-0000-0000-000000000000", "2026-01-01T00:00:00Z\x1fx", "2026-99-01T00:00:00Z\x1fx",
                                     "%s%n", "{}", "$1", "999999999999999999999999999999", "2026-01-01T00:00:00Z\x1f' OR true --"};

static void try_cursor(const struct target *t, const char *cursor)
{
    char query[3200];
    snprintf(query, sizeof query, "cursor=%s", cursor);
    hostile_refused(t, query, hostile_send(t, query, NULL, 0, NULL));
}

static void paging_of(const struct target *t)
{
    char query[64];
    struct arena *mem = arena_new(8192);
    if (!json_is_true(json_object_get(t->route, "list"))) {
        arena_free(mem);
        return;
    }
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        snprintf(query, sizeof query, "limit=%s", limits[i]);
        struct answer *a = hostile_send(t, query, NULL, 0, NULL);
        if (hostile_refused(t, query, a) && strcmp(answer_text(a, "code"), "request.query") != 0)
            hostile_names(t, query, a, "limit");
    }
    for (size_t i = 0; i < sizeof no_cursors / sizeof *no_cursors; i++)
        try_cursor(t, no_cursors[i]);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++)
        try_cursor(t, base64url_encode(mem, forged[i], strlen(forged[i])));
    try_cursor(t, long_value);
    arena_free(mem);
}

void paging_refuses_what_does_not_fit(void **state)
{
    (void)state;
    fill_long_value();
    hostile_each(paging_of);
    hostile_done();
}

/* --- methods ----------------------------------------------------------------------------------------------------------------- */

static bool is_served(const struct target *t, const char *method)
{
    size_t i;
    json_t *route;
    json_array_foreach(served_routes(), i, route)
        if (strcmp(word(route, "path"), word(t->route, "path")) == 0 && strcmp(word(route, "method"), method) == 0)
            return true;
    return false;
}

/* A literal path may also be what a capture of another route takes ("/doses/today"): never that of another method, though. */
static void methods_of(const struct target *t)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO", "PROPFIND", "get"};
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (is_served(t, methods[i]))
            continue;
        struct target other = *t;
        other.method = methods[i];
        struct answer *a = hostile_send(&other, NULL, NULL, 0, NULL);
        bool known = strcmp(methods[i], "get") != 0;
        if (!hostile_refused(&other, "another method", a) || (known && a->status != 405))
            hostile_miss(&other, "another method", a);
        if (a->status == 405 && !answer_header(a, "Allow"))
            hostile_miss(&other, "no Allow", a);
    }
}

void other_methods_are_not_allowed(void **state)
{
    (void)state;
    hostile_each(methods_of);
    hostile_done();
}

/* --- paths ------------------------------------------------------------------------------------------------------------------- */

static void try_path(const struct target *t, const char *path)
{
    struct target odd = *t;
    snprintf(odd.path, sizeof odd.path, "%s", path);
    struct answer *a = hostile_send(&odd, NULL, served_has_body(t->route) ? "{\"zz\":1}" : NULL, 8, NULL);
    if (hostile_refused(&odd, "an odd path", a) && a->status != 404 && a->status != 400 && a->status != 405)
        hostile_miss(&odd, "an odd path", a);
}

static void paths_of(const struct target *t)
{
    static const char *const endings[] = {"/", "//", "/.", "/..", "/../", ";x=1", "%2f", "%00", "%20", ".json", "%3Fa=1", "/x", "%", "\\", "%5c..", "/%2e"};
    static const char *const beginnings[] = {"/.", "/%2e%2e", "/..%2f", "/;", "/x", "/%00"};
    char path[400];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(path, sizeof path, "%s%s", t->path, endings[i]);
        try_path(t, path);
    }
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
        snprintf(path, sizeof path, "%s%s", beginnings[i], t->path + (i == 0));
        try_path(t, path);
    }
    snprintf(path, sizeof path, "%s", t->path);
    path[1] = (char)(path[1] - 'a' + 'A');
    try_path(t, path);
}

/* Other spellings of the same path lead to the same door, not around it. */
static void spellings_of(const struct target *t)
{
    static const char *const beginnings[] = {"", "/", "/./", "/x/..", "/auth/..", "/%2e/", "/%2e%2e/v1", "/admin/%2e%2e", "/auth/login/../.."};
    bool is_open = json_array_size(json_object_get(t->route, "access")) == 0;
    struct target spelled = *t;
    spelled.token = NULL;
    for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings && !is_open; i++) {
        snprintf(spelled.path, sizeof spelled.path, "%s%s", beginnings[i], t->path);
        struct answer *a = hostile_send(&spelled, NULL, NULL, 0, NULL);
        if (a->status != 401)
            hostile_miss(&spelled, "a spelling", a);
    }
}

/* What stands where an id should. */
static void ids_of(const struct target *t)
{
    static const char *const ids[] = {"x", "0", "-1", "null", "me", "*", "'", "%27%20OR%201=1--", "00000000-0000-0000-0000-00000000000",
                                      "00000000-0000-0000-0000-0000000000000", "00000000-0000-0000-0000-00000000000g", "00000000000000000000000000000000",
                                      "%7B00000000-0000-0000-0000-000000000000%7D", "00000000-0000-0000-0000-000000000000%00", "..", "%2e%2e",
                                      /* ids that could be, at the edges of what their time can say */
                                      "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "ffffffff-ffff-7fff-bfff-ffffffffffff",
                                      "00000000-0000-7000-8000-000000000000"};
    const char *pattern = word(t->route, "path"), *capture = strchr(pattern, '{');
    if (!capture)
        return;
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        struct target odd = *t;
        snprintf(odd.path, sizeof odd.path, "%.*s%s%s", (int)(capture - pattern), pattern, ids[i], strchr(capture, '}') + 1);
        struct answer *a = hostile_send(&odd, NULL, NULL, 0, NULL);
        bool unfinished = a->status == 422; /* the body is looked at first */
        if (hostile_refused(&odd, "no such id", a) && a->status != 404 && a->status != 400 && a->status != 405 && !unfinished)
            hostile_miss(&odd, "no such id", a);
    }
}

void odd_paths_lead_nowhere(void **state)
{
    (void)state;
    hostile_each(paths_of);
    hostile_each(spellings_of);
    hostile_each(ids_of);
    hostile_done();
}
