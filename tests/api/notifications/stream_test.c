/* The stream of notices: waits, tells what arrives, loses nothing, ends with the session. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

static struct answer *follow(const char *token, const char *last)
{
    char header[200];
    snprintf(header, sizeof header, "Last-Event-ID: %s", last);
    return client_call(&(struct call){.path = "/notifications/stream", .token = token, .headers = (const char *[]){header, NULL}});
}

/* Last "id:" of an answer. */
static void read_position(const struct answer *a, char out[100])
{
    const char *at = a->body, *found = NULL;
    while ((at = strstr(at, "id: ")) != NULL)
        found = at += 4;
    assert_non_null(found);
    snprintf(out, 100, "%.*s", (int)strcspn(found, "\n"), found);
}

static void start_position(const char *token, char out[100])
{
    struct answer *a = expect(get(token, "/notifications/stream"), 200);
    assert_int_equal(strncmp(answer_header(a, "Content-Type"), "text/event-stream", 17), 0);
    assert_null(strstr(a->body, "data:"));
    read_position(a, out);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

static void tell(const struct person *p, const char *type)
{
    owner_sql("SELECT notify_user($1::uuid, $2, '{\"n\": 1}')", p->id, type, NULL);
}

static void tells_what_came_since(void **state)
{
    (void)state;
    struct person p, other;
    char position[100];
    person_new(&p, "patient");
    person_new(&other, "patient");
    tell(&p, "dose.missed");
    pause_ms(1500);
    start_position(p.token, position);
    tell(&other, "dose.due");
    tell(&p, "dose.due");
    struct answer *a = expect(follow(p.token, position), 200);
    assert_non_null(strstr(a->body, "event: notification\ndata: {"));
    assert_non_null(strstr(a->body, "\"dose.due\""));
    assert_null(strstr(a->body, "\"dose.missed\""));
    assert_null(strstr(strstr(a->body, "data: ") + 6, "data: "));
    char next[100];
    read_position(a, next);
    tell(&p, "report.ready");
    a = expect(follow(p.token, next), 200);
    assert_non_null(strstr(a->body, "\"report.ready\""));
    assert_null(strstr(a->body, "\"dose.due\""));
    a = expect(follow(p.token, position), 200);
    assert_non_null(strstr(a->body, "\"dose.due\""));
    assert_non_null(strstr(a->body, "\"report.ready\""));
}

struct waiting {
    const struct person *person;
    const char *position;
    struct answer *answer;
};

static void *wait_for_events(void *arg)
{
    struct waiting *w = arg;
    w->answer = follow(w->person->token, w->position);
    return NULL;
}

static void waits_until_something_arrives(void **state)
{
    (void)state;
    struct person p;
    char position[100];
    pthread_t thread;
    person_new(&p, "patient");
    start_position(p.token, position);
    struct waiting w = {.person = &p, .position = position};
    assert_int_equal(pthread_create(&thread, NULL, wait_for_events, &w), 0);
    pause_ms(2500);
    tell(&p, "dose.due");
    pthread_join(thread, NULL);
    expect(w.answer, 200);
    assert_non_null(strstr(w.answer->body, "\"dose.due\""));
    assert_true(w.answer->seconds > 2.4 && w.answer->seconds < 8);
}

static void a_session_that_ends_ends_the_waiting(void **state)
{
    (void)state;
    struct person p;
    char position[100];
    pthread_t thread;
    person_new(&p, "patient");
    start_position(p.token, position);
    struct waiting w = {.person = &p, .position = position};
    assert_int_equal(pthread_create(&thread, NULL, wait_for_events, &w), 0);
    pause_ms(1500);
    expect(post(p.token, NULL, "/auth/logout"), 204);
    pthread_join(thread, NULL);
    expect_problem(w.answer, 401, "auth.session_ended");
    assert_true(w.answer->seconds < 8);
}

static void refuses_a_position_it_did_not_give(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    static const char *const wrong[] = {"x", "_", "2026-01-31T01:00:00Z", "2026-01-31T01:00:00Z_x", "2026-02-31T01:00:00Z_00000000-0000-0000-0000-000000000000",
                                        "infinity_00000000-0000-0000-0000-000000000000", "'; SELECT 1_00000000-0000-0000-0000-000000000000"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_problem(follow(p.token, wrong[i]), 400, "notification.stream_position");
}

static int forget(void **state)
{
    (void)state;
    client_forget();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(tells_what_came_since, forget),
        cmocka_unit_test_teardown(waits_until_something_arrives, forget),
        cmocka_unit_test_teardown(a_session_that_ends_ends_the_waiting, forget),
        cmocka_unit_test_teardown(refuses_a_position_it_did_not_give, forget),
    };
    return cmocka_run_group_tests_name("notification stream", tests, NULL, NULL);
}
