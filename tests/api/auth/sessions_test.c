/* Sessions: rotation and its 10 s of grace, theft, listing and ending, and that an end counts on the next request. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

static struct answer *refresh(const char *token)
{
    return post(NULL, json_pack("{s:s}", "refresh_token", token), "/auth/refresh");
}

/* The grace is over: as if 11 seconds had passed. */
static void age_rotation(const struct person *p)
{
    owner_sql("UPDATE user_sessions SET rotated_at = rotated_at - interval '11 seconds' WHERE user_id = $1::uuid", p->id, NULL);
}

static void refresh_rotates(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    struct answer *a = expect(refresh(p.refresh), 200);
    assert_string_not_equal(answer_text(a, "tokens.refresh_token"), p.refresh);
    assert_int_equal(strlen(answer_text(a, "tokens.refresh_token")), 70);
    expect(get(answer_text(a, "tokens.access_token"), "/auth/me"), 200);
    assert_null(answer_at(a, "user"));
    expect(refresh(answer_text(a, "tokens.refresh_token")), 200);
}

static void only_hashes_are_stored(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    assert_int_equal(owner_count("SELECT count(*) FROM user_sessions WHERE user_id = $1::uuid AND refresh_token = sha256($2::bytea)",
                                 p.id, p.refresh, NULL), 1);
}

static void a_lost_answer_is_repeated(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    const char *child = answer_text(expect(refresh(p.refresh), 200), "tokens.refresh_token");
    for (int i = 0; i < 3; i++)
        assert_string_equal(answer_text(expect(refresh(p.refresh), 200), "tokens.refresh_token"), child);
    expect(refresh(child), 200);
}

static void the_parent_is_refused_after_the_grace(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    struct answer *a = expect(refresh(p.refresh), 200);
    age_rotation(&p);
    struct answer *refused = expect_problem(refresh(p.refresh), 401, "auth.session_ended");
    assert_string_equal(answer_text(refused, "reason"), "reuse");
    expect_problem(refresh(answer_text(a, "tokens.refresh_token")), 401, "auth.session_ended");
    refused = expect_problem(get(answer_text(a, "tokens.access_token"), "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(refused, "reason"), "reuse");
}

static void a_grandparent_ends_the_session_at_once(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    const char *child = answer_text(expect(refresh(p.refresh), 200), "tokens.refresh_token");
    expect(refresh(child), 200);
    expect_problem(refresh(p.refresh), 401, "auth.session_ended");
    expect_problem(refresh(child), 401, "auth.session_ended");
}

static void forged_refresh_tokens_change_nothing(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    char forged[256];
    for (size_t i = 0; i < strlen(p.refresh); i += 3) {
        snprintf(forged, sizeof forged, "%s", p.refresh);
        forged[i] = forged[i] == 'A' ? 'B' : 'A';
        expect_problem(refresh(forged), 401, "auth.refresh_invalid");
    }
    expect_problem(refresh(p.token), 422, "request.invalid_fields"); /* longer than any refresh token */
    expect_problem(refresh("x"), 401, "auth.refresh_invalid");
    expect_problem(get(p.refresh, "/auth/me"), 401, "auth.token_invalid");
    expect(refresh(p.refresh), 200);
}

static void time_limits_end_a_session(void **state)
{
    (void)state;
    static const char *const limits[] = {"idle_expires_at", "expires_at"};
    for (size_t i = 0; i < 2; i++) {
        struct person p;
        char sql[200];
        person_new(&p, "patient");
        snprintf(sql, sizeof sql, "UPDATE user_sessions SET %s = now() - interval '1 second' WHERE user_id = $1::uuid", limits[i]);
        owner_sql(sql, p.id, NULL);
        struct answer *a = expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended");
        assert_string_equal(answer_text(a, "reason"), "expired");
        a = expect_problem(refresh(p.refresh), 401, "auth.session_ended");
        assert_string_equal(answer_text(a, "reason"), "expired");
    }
}

static void logout_ends_access_at_once(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    expect(post(p.token, NULL, "/auth/logout"), 204);
    struct answer *a = expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "logout");
    expect_problem(post(p.token, NULL, "/auth/logout"), 401, "auth.session_ended");
    expect_problem(refresh(p.refresh), 401, "auth.session_ended");
}

static void sessions_are_listed_and_ended(void **state)
{
    (void)state;
    struct person p, other = {0}, stranger;
    person_new(&p, "patient");
    other = p;
    person_login(&other);
    person_new(&stranger, "patient");
    struct answer *a = expect(get(other.token, "/auth/sessions"), 200);
    assert_true(answer_count(a, "items") >= 2);
    assert_true(answer_true(a, "items.0.current"));
    assert_false(answer_true(a, "items.1.current"));
    char id[37];
    snprintf(id, sizeof id, "%s", answer_text(a, "items.1.id"));
    expect_same_refusal(expect_problem(delete_(stranger.token, "/auth/sessions/%s", id), 404, "not_found"),
                        delete_(stranger.token, "/auth/sessions/%s", nobody_id()));
    expect(get(p.token, "/auth/me"), 200);
    expect(delete_(other.token, "/auth/sessions/%s", id), 204);
    expect_problem(delete_(other.token, "/auth/sessions/%s", id), 404, "not_found");
    a = expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "ended");
    a = expect(get(other.token, "/auth/sessions?ended=true"), 200);
    assert_string_equal(answer_text(a, "items.1.ended_reason"), "ended");
    expect_problem(get(other.token, "/auth/sessions?ended=perhaps"), 400, "request.invalid_fields");
}

static void all_others_end_together(void **state)
{
    (void)state;
    struct person p, q, r;
    person_new(&p, "patient");
    q = r = p;
    person_login(&q);
    person_login(&r);
    expect(delete_(q.token, "/auth/sessions"), 204);
    expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended");
    expect_problem(get(r.token, "/auth/me"), 401, "auth.session_ended");
    expect(get(q.token, "/auth/me"), 200);
}

/* --- the property: however refreshes race, there is one child, and nobody is signed out ----------------------------- */
#define RACERS 50
#define REFRESH_BYTES 256

struct racer {
    pthread_barrier_t *start;
    const char *token;
    int status;
    char child[REFRESH_BYTES];
};

static void *race(void *arg)
{
    struct racer *me = arg;
    pthread_barrier_wait(me->start);
    struct answer *a = refresh(me->token);
    me->status = a->status;
    const char *child = json_string_value(answer_at(a, "tokens.refresh_token"));
    snprintf(me->child, sizeof me->child, "%s", child ? child : "");
    return NULL;
}

/* One round: all present the same token at once. Writes the child. */
static void race_round(const char *parent, char child[REFRESH_BYTES])
{
    struct racer racers[RACERS];
    pthread_t threads[RACERS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, RACERS);
    for (int i = 0; i < RACERS; i++) {
        racers[i] = (struct racer){.start = &start, .token = parent};
        assert_int_equal(pthread_create(&threads[i], NULL, race, &racers[i]), 0);
    }
    for (int i = 0; i < RACERS; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&start);
    for (int i = 0; i < RACERS; i++) {
        assert_int_equal(racers[i].status, 200);
        assert_string_equal(racers[i].child, racers[0].child);
    }
    snprintf(child, REFRESH_BYTES, "%s", racers[0].child);
}

/* DASTERN_RACE_ROUNDS=200 for the long run. Every tenth session is then attacked with an old token. */
static void racing_refreshes_never_fork(void **state)
{
    (void)state;
    const char *wanted = getenv("DASTERN_RACE_ROUNDS");
    int rounds = wanted ? (int)strtol(wanted, NULL, 10) : 20;
    struct person p;
    char current[REFRESH_BYTES], next[REFRESH_BYTES], stolen[REFRESH_BYTES] = "";
    for (int round = 0; round < rounds; round++) {
        if (round % 10 == 0) {
            person_register(&p);
            snprintf(current, sizeof current, "%s", p.refresh);
            snprintf(stolen, sizeof stolen, "%s", p.refresh);
        }
        race_round(current, next);
        snprintf(current, sizeof current, "%s", next);
        if (round % 10 == 9) {
            expect_problem(refresh(stolen), 401, "auth.session_ended");
            expect_problem(refresh(current), 401, "auth.session_ended");
        }
        client_forget();
    }
    print_message("%d rounds of %d racing refreshes\n", rounds, RACERS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(refresh_rotates, owner_forgive),
        cmocka_unit_test_setup(only_hashes_are_stored, owner_forgive),
        cmocka_unit_test_setup(a_lost_answer_is_repeated, owner_forgive),
        cmocka_unit_test_setup(the_parent_is_refused_after_the_grace, owner_forgive),
        cmocka_unit_test_setup(a_grandparent_ends_the_session_at_once, owner_forgive),
        cmocka_unit_test_setup(forged_refresh_tokens_change_nothing, owner_forgive),
        cmocka_unit_test_setup(time_limits_end_a_session, owner_forgive),
        cmocka_unit_test_setup(logout_ends_access_at_once, owner_forgive),
        cmocka_unit_test_setup(sessions_are_listed_and_ended, owner_forgive),
        cmocka_unit_test_setup(all_others_end_together, owner_forgive),
        cmocka_unit_test_setup(racing_refreshes_never_fork, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: sessions", tests, NULL, NULL);
}
