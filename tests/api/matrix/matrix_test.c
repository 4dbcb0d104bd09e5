/* Every served route against every caller. What is not allowed is refused as the table says, tells nothing and changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "crosswise.h"
#include "expect.h"
#include "scene.h"
#include "served.h"
#include "table.h"

enum outcome { ALLOWED, NO_TOKEN, INCOMPLETE, WRONG_ROLE, NOT_FOUND };

static unsigned role_bit(const char *role)
{
    static const char *const names[] = {"patient", "family_member", "doctor", "admin"};
    for (unsigned i = 0; role && i < 4; i++)
        if (strcmp(names[i], role) == 0)
            return 1u << i;
    return 0;
}

/* Owner's health data: whose is it, who was let in? */
static bool is_permitted(const struct verdict *v, const struct caller *c)
{
    bool whole = v->about != HEALTH;
    if (c == &callers[OWNER])
        return true;
    if (role_bit(c->role) == DOCTORS)
        return v->level != NO_DOCTOR && (v->about == PATIENT ? c->about : c->level) >= v->level;
    return v->permissions && (c->permissions & v->permissions) == v->permissions && (whole || !c->blind);
}

static enum outcome outcome_of(const struct verdict *v, const struct caller *c)
{
    if (v->roles == EVERYBODY)
        return ALLOWED;
    if (c == &callers[NOBODY])
        return NO_TOKEN;
    if (v->roles != ANY && !c->role)
        return INCOMPLETE;
    if (v->roles != ANY && !(v->roles & role_bit(c->role)))
        return WRONG_ROLE;
    switch (v->about) {
    case ONESELF: return ALLOWED;
    case OWNERS: return c == &callers[OWNER] ? ALLOWED : NOT_FOUND;
    case RELATIVE: return c == &callers[REL_ALL] ? ALLOWED : NOT_FOUND;
    default: return is_permitted(v, c) ? ALLOWED : NOT_FOUND;
    }
}

static struct answer *ask(const struct verdict *v, const struct caller *c, struct things *things)
{
    char path[256], body[512];
    scene_fill(path, sizeof path, v->path, things, NULL);
    scene_fill(body, sizeof body, v->body, things, NULL);
    return client_call(&(struct call){.method = v->method, .path = path, .token = *c->person.token ? c->person.token : NULL,
                                      .raw = v->body ? body : NULL, .raw_size = strlen(body), .content_type = "application/json"});
}

/* A miss is told and counted, and the test fails in the end: one hole must not hide the next. */
static unsigned misses;

static void must(bool holds, const char *what, const struct verdict *v, const struct caller *c, const struct answer *a)
{
    if (holds)
        return;
    print_error("%s %s by %s: %s; got %d %.300s\n", v->method, v->path, c->name, what, a->status, a->body);
    misses++;
}

static bool is_problem(struct answer *a, int status, const char *code)
{
    const char *type = answer_header(a, "Content-Type"), *got = json_string_value(answer_at(a, "code"));
    return a->status == status && type && strncmp(type, "application/problem+json", 24) == 0 && got && strcmp(got, code) == 0;
}

/* The header lines but for those of this one answer. */
static void standing_headers(const struct answer *a, char *out, size_t size)
{
    static const char *const own[] = {"Date:", "X-Request-Id:"};
    size_t n = 0;
    for (const char *line = a->head; *line; line += strcspn(line, "\n") + 1) {
        size_t length = strcspn(line, "\n") + 1;
        if (strncmp(line, own[0], strlen(own[0])) != 0 && strncmp(line, own[1], strlen(own[1])) != 0 && n + length < size) {
            memcpy(out + n, line, length);
            n += length;
        }
    }
    out[n] = '\0';
}

static void check_tells_nothing(const struct verdict *v, const struct caller *c, const struct answer *a)
{
    bool sees = role_bit(c->role) == DOCTORS && c->about != NO_DOCTOR;
    if (c == &callers[OWNER] || sees)
        return;
    must((c->permissions & VIEW_PRESCRIPTIONS) || !strstr(a->body, secret_diagnosis), "was told the diagnosis", v, c, a);
    must((c->permissions & (VIEW_PRESCRIPTIONS | VIEW_REMINDERS | LOG_DOSES)) || !strstr(a->body, secret_medicine), "was told the medicine", v, c, a);
}

static bool header_holds(struct answer *a, const char *name, const char *text)
{
    const char *value = answer_header(a, name);
    return value && strstr(value, text);
}

/* What every answer has to carry, whoever gets it: nobody keeps it, nothing guesses at it. */
static void check_headers(const struct verdict *v, const struct caller *c, struct answer *a)
{
    must(header_holds(a, "Cache-Control", "no-store") || v->roles == EVERYBODY, "may be kept by a cache", v, c, a);
    must(header_holds(a, "X-Content-Type-Options", "nosniff"), "lacks nosniff", v, c, a);
    must(header_holds(a, "Content-Security-Policy", "default-src 'none'"), "lacks a Content-Security-Policy", v, c, a);
    must(header_holds(a, "Referrer-Policy", "no-referrer"), "lacks a Referrer-Policy", v, c, a);
    must(!answer_header(a, "Content-Type") || header_holds(a, "Content-Type", "charset=utf-8") || header_holds(a, "Content-Type", "zip"),
         "does not name its charset", v, c, a);
}

static bool same_body(const struct answer *a, const struct answer *b)
{
    json_t *one = json_deep_copy(a->json), *other = json_deep_copy(b->json);
    json_object_del(one, "request_id");
    json_object_del(other, "request_id");
    bool same = one && json_equal(one, other) == 1;
    json_decref(one);
    json_decref(other);
    return same;
}

static void check_not_found(const struct verdict *v, const struct caller *c, struct answer *a)
{
    char headers[4096], others[4096];
    must(is_problem(a, 404, "not_found"), "should be not found", v, c, a);
    struct answer *random = ask(v, c, NULL);
    standing_headers(a, headers, sizeof headers);
    standing_headers(random, others, sizeof others);
    must(a->status == random->status && same_body(a, random), "differs from the answer for a random id", v, c, a);
    must(strcmp(headers, others) == 0, "has other headers than for a random id", v, c, a);
}

static void check_refused(const struct verdict *v, const struct caller *c)
{
    struct answer *a = ask(v, c, &owners);
    switch (outcome_of(v, c)) {
    case NO_TOKEN: must(is_problem(a, 401, "auth.token_missing"), "should be 401", v, c, a); break;
    case INCOMPLETE: must(is_problem(a, 403, "onboarding.incomplete"), "should be 403, incomplete", v, c, a); break;
    case WRONG_ROLE: must(is_problem(a, 403, "auth.role_not_allowed"), "should be 403", v, c, a); break;
    default: check_not_found(v, c, a);
    }
    check_headers(v, c, a);
    check_tells_nothing(v, c, a);
}

/* A stream of events goes on for as long as it is listened to: its beginning is the answer. */
static bool is_stream(const struct verdict *v)
{
    return strstr(v->route, "/stream") || strstr(v->route, "/events");
}

static void check_stream(const struct verdict *v, const struct caller *c)
{
    char path[256];
    scene_fill(path, sizeof path, v->path, &owners, NULL);
    struct stream *s = stream_begin(c->person.token, path, NULL);
    if (!stream_brings(s, "\r\n\r\n", 2) || strncmp(stream_text(s), "HTTP/1.1 200", 12) != 0 || !strstr(stream_text(s), "no-store")) {
        print_error("%s by %s: should be a stream; got %.300s\n", v->path, c->name, stream_text(s));
        misses++;
    }
    stream_close(s);
}

static void check_allowed(const struct verdict *v, const struct caller *c)
{
    if (is_stream(v)) {
        check_stream(v, c);
        return;
    }
    struct answer *a = ask(v, c, &owners);
    must(a->status == v->status || (v->or && a->status == v->or), "should be allowed", v, c, a);
    must(a->seconds < 2, "took too long", v, c, a);
    check_headers(v, c, a);
    check_tells_nothing(v, c, a);
    if (v->spends == '*')
        scene_renew();
    else if (v->spends)
        scene_renew_one(v->spends);
}

/* --- tests -------------------------------------------------------------------------------------------------------------- */

static const struct verdict *find_verdict(const json_t *route)
{
    for (const struct verdict *v = verdicts; v->method; v++)
        if (strcmp(v->method, served_text(route, "method")) == 0 && strcmp(v->route, served_text(route, "path")) == 0)
            return v;
    return NULL;
}

static void every_route_has_a_verdict(void **state)
{
    (void)state;
    size_t i, n = 0;
    json_t *route;
    unsigned missing = 0;
    json_array_foreach(served_routes(), i, route) {
        if (find_verdict(route))
            continue;
        print_error("no verdict for %s %s\n", served_text(route, "method"), served_text(route, "path"));
        missing++;
    }
    for (const struct verdict *v = verdicts; v->method; v++)
        n++;
    assert_int_equal(missing, 0);
    assert_int_equal(n, json_array_size(served_routes()));
}

static void refused_callers_get_nothing_and_change_nothing(void **state)
{
    (void)state;
    char before[40];
    unsigned cells = 0;
    misses = 0;
    snprintf(before, sizeof before, "%s", scene_digest());
    for (const struct verdict *v = verdicts; v->method; v++) {
        for (int who = 0; who < CALLERS; who++) {
            if (outcome_of(v, &callers[who]) == ALLOWED)
                continue;
            check_refused(v, &callers[who]);
            cells++;
        }
        client_forget();
        if (strcmp(before, scene_digest()) == 0)
            continue;
        print_error("%s %s: somebody who was refused has changed something\n", v->method, v->path);
        snprintf(before, sizeof before, "%s", scene_digest());
        misses++;
    }
    print_message("    %u refusals\n", cells);
    assert_int_equal(misses, 0);
}

static void allowed_callers_get_through(void **state)
{
    (void)state;
    unsigned cells = 0;
    misses = 0;
    for (const struct verdict *v = verdicts; v->method; v++) {
        for (int who = 0; who < CALLERS; who++) {
            if (outcome_of(v, &callers[who]) != ALLOWED)
                continue;
            check_allowed(v, &callers[who]);
            cells++;
        }
        client_forget();
    }
    print_message("    %u permissions\n", cells);
    assert_int_equal(misses, 0);
}

/* Text messages cost money, and a mailbox has an owner: whatever has a code sent is counted by address. */
static void what_sends_a_code_is_limited(void **state)
{
    (void)state;
    static const char *const senders[] = {"/auth/email", "/auth/email/verification", "/auth/password/forgot", "/auth/phone"};
    size_t i, n = 0;
    json_t *route;
    json_array_foreach(served_routes(), i, route)
        for (size_t k = 0; k < sizeof senders / sizeof *senders; k++)
            n += strcmp(served_text(route, "path"), senders[k]) == 0 && json_is_true(json_object_get(route, "sends_codes"));
    assert_int_equal(n, sizeof senders / sizeof *senders);
}

/* The last route of the table was the end of every session. */
static void an_ended_session_is_refused_everywhere(void **state)
{
    (void)state;
    for (const struct verdict *v = verdicts; v->method; v++)
        if (v->roles != EVERYBODY)
            expect_problem(ask(v, &callers[OWNER], &owners), 401, "auth.session_ended");
    client_forget();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_has_a_verdict),
        cmocka_unit_test(what_sends_a_code_is_limited),
        cmocka_unit_test(refused_callers_get_nothing_and_change_nothing),
        cmocka_unit_test(things_of_two_patients_do_not_mix),
        cmocka_unit_test(a_picture_for_a_stranger_is_refused),
        cmocka_unit_test(a_batch_reaches_nothing_foreign),
        cmocka_unit_test(a_cursor_carries_no_rights),
        cmocka_unit_test(an_idempotency_key_carries_no_rights),
        cmocka_unit_test(allowed_callers_get_through),
        cmocka_unit_test(an_ended_session_is_refused_everywhere),
    };
    return cmocka_run_group_tests_name("who may do what", tests, scene_make, NULL);
}
