/* What the tests with hostile input share. */
#include "hostile.h"

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
#include "expect.h"
#include "owner.h"
#include "scene.h"

static unsigned misses, requests;
static char *stored;

/* Which thing of the scene a capture stands for; {id} depends on what is before it. */
static char thing_of(const char *path, const char *capture)
{
    static const struct { const char *capture; char thing; } known[] = {
        {"{prescription_id:", 'w'}, {"{medication_id:", 'm'}, {"{template_id:", 't'}, {"{reminder_id:", 'r'}, {"{dose_id:", 'd'},
        {"{invitation_id:", 'v'}, {"{request_id:", 'k'}, {"{link_id:", 'l'}, {"{patient_id:", 'p'}, {"{notification_id:", 'o'}, {"{report_id:", 'z'}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(capture, known[i].capture, strlen(known[i].capture)) == 0)
            return known[i].thing;
    return strstr(path, "/doctors/") ? 'e' : strstr(path, "/jobs/") ? 'j' : strstr(path, "/sessions/") ? 's'
         : strstr(path, "/exports/") ? 'f' : 'p';
}

static void concrete_path(const char *pattern, char *out, size_t size)
{
    char text[200], name[3] = "$";
    size_t n = 0;
    for (const char *p = pattern; *p && n + 3 < sizeof text; p++) {
        text[n++] = *p;
        if (*p != '{')
            continue;
        name[1] = thing_of(pattern, p);
        memcpy(text + n - 1, name, 2);
        n++;
        p = strchr(p, '}');
    }
    text[n] = '\0';
    scene_fill(out, size, text, &owners, NULL);
}

static const char *token_for(const json_t *route)
{
    const char *access = NULL;
    size_t i;
    json_t *role;
    json_array_foreach(json_object_get(route, "access"), i, role)
        if (!access || strcmp(json_string_value(role), "patient") == 0)
            access = json_string_value(role);
    if (!access)
        return NULL;
    bool relatives = strcmp(access, "family_member") == 0, admins = strcmp(access, "admin") == 0;
    return callers[relatives ? REL_ALL : admins ? ADMINISTRATOR : OWNER].person.token;
}

void hostile_each(void (*what)(const struct target *))
{
    size_t i;
    json_t *route;
    json_array_foreach(served_routes(), i, route) {
        struct target t = {.route = route, .method = served_text(route, "method"), .token = token_for(route)};
        concrete_path(served_text(route, "path"), t.path, sizeof t.path);
        what(&t);
        client_forget();
    }
}

struct answer *hostile_send(const struct target *t, const char *query, const char *body, size_t size, const char *content_type)
{
    char path[4000];
    snprintf(path, sizeof path, "%s%s%s", t->path, query ? "?" : "", query ? query : "");
    requests++;
    return client_call(&(struct call){.method = t->method, .path = path, .token = t->token, .raw = body, .raw_size = size,
                                      .content_type = content_type ? content_type : "application/json"});
}

void hostile_miss(const struct target *t, const char *what, const struct answer *a)
{
    misses++;
    print_error("%s %s, %.150s: %d in %.1f s %.300s\n", t->method, t->path, what, a->status, a->seconds, a->body);
}

bool hostile_refused(const struct target *t, const char *what, struct answer *a)
{
    const char *type = answer_header(a, "Content-Type");
    bool mannered = a->status >= 400 && a->status < 500 && a->status != 401 && a->status != 403 && a->status != 429;
    mannered = mannered && type && strncmp(type, "application/problem+json", 24) == 0;
    mannered = mannered && json_is_string(answer_at(a, "code")) && json_is_string(answer_at(a, "request_id"));
    mannered = mannered && a->seconds < 2;
    if (!mannered)
        hostile_miss(t, what, a);
    return mannered;
}

void hostile_names(const struct target *t, const char *what, struct answer *a, const char *field)
{
    size_t i;
    json_t *error;
    if (!hostile_refused(t, what, a) || strncmp(answer_text(a, "code"), "json.", 5) == 0)
        return;
    json_array_foreach(answer_at(a, "errors"), i, error) {
        const char *pointer = json_string_value(json_object_get(error, "pointer"));
        const char *parameter = json_string_value(json_object_get(error, "parameter"));
        const char *named = pointer ? pointer : parameter;
        if (named && strncmp(named, field, strlen(field)) == 0)
            return;
    }
    hostile_miss(t, what, a);
}

/* Every table with its number of rows. What workers do by themselves meanwhile, for doses that other tests have left, is left out. */
static char *count_rows(void)
{
    return xstrdup(owner_sql(
        "SELECT string_agg(c.relname || ' ' || (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s %s', c.oid::regclass,"
        "        CASE c.relname WHEN 'audit_logs' THEN 'WHERE user_id IS NOT NULL' WHEN 'dose_events' THEN 'WHERE actor_id IS NOT NULL' END),"
        "        false, true, '')))[1], E'\\n' ORDER BY c.relname)"
        " FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
        "  AND c.relname NOT IN ('notifications', 'outbox')", NULL));
}

static void compare_rows(const char *before, const char *after)
{
    while (*before && *after) {
        size_t n = strcspn(before, "\n"), m = strcspn(after, "\n");
        if (n != m || strncmp(before, after, n) != 0) {
            print_error("rows before: %.*s, after: %.*s\n", (int)n, before, (int)m, after);
            misses++;
        }
        before += n + (before[n] == '\n');
        after += m + (after[m] == '\n');
    }
}

void hostile_done(void)
{
    char *now = count_rows();
    compare_rows(stored, now);
    free(stored);
    stored = now;
    unsigned n = misses;
    misses = 0;
    assert_int_equal(n, 0);
}

/* The report that the scene asked for is made by now, or soon. */
static void await_workers(void)
{
    for (int i = 0; i < 100 && owner_count("SELECT count(*) FROM jobs WHERE kind <> 'matrix' AND status IN ('queued', 'running')", NULL) > 0; i++)
        owner_sql("SELECT pg_sleep(0.1)", NULL);
}

int hostile_setup(void **state)
{
    int rc = scene_make(state);
    await_workers();
    stored = count_rows();
    return rc;
}

int hostile_teardown(void **state)
{
    (void)state;
    print_message("    %u requests\n", requests);
    free(stored);
    return 0;
}
