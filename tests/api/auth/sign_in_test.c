/* Signing in: alike for unknown and wrong, throttled per account and per address without keeping the owner out. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>
#include <libpq-fe.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

static struct answer *sign_in(const char *email, const char *password, const char *from)
{
    return client_call(&(struct call){.method = "POST", .path = "/auth/login", .from = from,
                                      .json = json_pack("{s:s, s:s}", "email", email, "password", password)});
}

/* An address nobody used before: 127.0.0.0/8 is all ours. */
static const char *strange_address(char out[24])
{
    snprintf(out, 24, "127.%u.%u.%u", 1 + (unsigned)rand() % 250, (unsigned)rand() % 250, 2 + (unsigned)rand() % 250);
    return out;
}

static void right_password_opens_a_session(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    json_t *body = json_pack("{s:s, s:s, s:s}", "email", p.email, "password", PERSON_PASSWORD, "device_name", "Sok's phone");
    struct answer *a = expect(post(NULL, body, "/auth/login"), 200);
    assert_string_equal(answer_text(a, "user.id"), p.id);
    assert_string_equal(answer_text(a, "user.role"), "patient");
    a = expect(get(answer_text(a, "tokens.access_token"), "/auth/sessions"), 200);
    assert_string_equal(answer_text(a, "items.0.device_name"), "Sok's phone");
    assert_true(answer_true(a, "items.0.current"));
}

static void an_account_is_found_by_phone(void **state)
{
    (void)state;
    struct person p;
    char number[24], spelled[64];
    person_new(&p, "patient");
    snprintf(number, sizeof number, "%s", fresh_phone());
    snprintf(spelled, sizeof spelled, "0%.2s %.3s-%s", number + 4, number + 6, number + 9);
    expect(patch(p.token, json_pack("{s:s}", "phone_number", spelled), "/auth/me"), 200);
    assert_string_equal(answer_text(expect(sign_in(spelled, PERSON_PASSWORD, NULL), 200), "user.id"), p.id);
    assert_string_equal(answer_text(expect(sign_in(number, PERSON_PASSWORD, NULL), 200), "user.id"), p.id);
}

static void unknown_and_wrong_are_alike(void **state)
{
    (void)state;
    struct person p;
    char from[24];
    person_new(&p, "patient");
    strange_address(from);
    struct answer *wrong = expect_problem(sign_in(p.email, "not the password", from), 401, "auth.invalid_credentials");
    struct answer *unknown = expect_problem(sign_in("nobody-here@example.org", "not the password", from), 401, "auth.invalid_credentials");
    struct answer *neither = expect_problem(sign_in("neither", "not the password", from), 401, "auth.invalid_credentials");
    struct answer *empty = expect_problem(sign_in(p.email, "", from), 401, "auth.invalid_credentials");
    expect_same_refusal(wrong, unknown);
    expect_same_refusal(wrong, neither);
    expect_same_refusal(wrong, empty);
}

static void guessing_is_slowed_down_for_both_alike(void **state)
{
    (void)state;
    struct person p;
    char from[24], nobody[80];
    person_new(&p, "patient");
    snprintf(nobody, sizeof nobody, "nobody-%s@example.org", nobody_id());
    const char *const emails[] = {p.email, nobody};
    for (size_t who = 0; who < 2; who++) {
        for (int i = 0; i < 5; i++)
            expect_problem(sign_in(emails[who], "guess", strange_address(from)), 401, "auth.invalid_credentials");
        struct answer *a = expect_problem(sign_in(emails[who], "guess", strange_address(from)), 429, "auth.throttled");
        long wait = strtol(answer_header(a, "Retry-After"), NULL, 10);
        assert_in_range(wait, 1, 900);
    }
}

/* Somebody guesses from elsewhere: the owner, at an address the account was used from, is not kept out. */
static void the_owner_is_not_locked_out(void **state)
{
    (void)state;
    struct person p;
    char from[24];
    person_new(&p, "patient");
    for (int i = 0; i < 8; i++)
        sign_in(p.email, "guess", strange_address(from));
    expect_problem(sign_in(p.email, PERSON_PASSWORD, strange_address(from)), 429, "auth.throttled");
    expect(sign_in(p.email, PERSON_PASSWORD, NULL), 200);
}

static void an_address_that_guesses_is_slowed_down(void **state)
{
    (void)state;
    struct person p;
    char from[24], email[80];
    person_new(&p, "patient");
    strange_address(from);
    int refused = 0;
    for (int i = 0; i < 40 && !refused; i++) {
        snprintf(email, sizeof email, "guess-%d-%s@example.org", i, nobody_id());
        refused = sign_in(email, "guess", from)->status == 429;
    }
    assert_true(refused);
    expect_problem(sign_in(p.email, PERSON_PASSWORD, from), 429, "auth.throttled");
}

struct guess {
    const char *email, *password;
    char from[24];
    int status;
};

static void *guess_once(void *arg)
{
    struct guess *g = arg;
    g->status = sign_in(g->email, g->password, g->from)->status;
    return NULL;
}

/* 40 guesses sent at once learn no more than guesses sent one by one. */
static void guesses_at_once_do_not_slip_through(void **state)
{
    (void)state;
    enum { GUESSES = 40, FREE = 5 };
    struct person p;
    struct guess guesses[GUESSES];
    pthread_t threads[GUESSES];
    int answered = 0;
    person_new(&p, "patient");
    for (int i = 0; i < GUESSES; i++) {
        guesses[i] = (struct guess){.email = p.email, .password = "guess"};
        strange_address(guesses[i].from);
        pthread_create(&threads[i], NULL, guess_once, &guesses[i]);
    }
    for (int i = 0; i < GUESSES; i++) {
        pthread_join(threads[i], NULL);
        answered += guesses[i].status == 401;
        assert_true(guesses[i].status == 401 || guesses[i].status == 429);
    }
    /* Two processes hash at a time, so one answer more than the free ones may be under way. */
    assert_in_range(answered, 1, FREE + 2);
}

static void deactivated_accounts_stay_out(void **state)
{
    (void)state;
    struct person p;
    char from[24];
    person_new(&p, "patient");
    owner_sql("UPDATE users SET is_active = false WHERE id = $1::uuid", p.id, NULL);
    struct answer *a = expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "deactivated");
    expect_problem(sign_in(p.email, PERSON_PASSWORD, NULL), 403, "auth.deactivated");
    expect_problem(sign_in(p.email, "not the password", strange_address(from)), 401, "auth.invalid_credentials");
    expect_problem(post(NULL, json_pack("{s:s}", "refresh_token", p.refresh), "/auth/refresh"), 401, "auth.session_ended");
}

/* A hash with weaker parameters (made with m=4096,t=1,p=1 for this test's password) is replaced at sign-in. */
static void outdated_hashes_are_renewed(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    owner_sql("UPDATE users SET password_hash = $2 WHERE id = $1::uuid", p.id,
              "$argon2id$v=19$m=4096,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$oqHvFbd+GS3eyEpR6A8eTXUbkqKYktzF7Zi35Is503Y", NULL);
    expect(sign_in(p.email, PERSON_PASSWORD, NULL), 200);
    const char *hash = owner_sql("SELECT password_hash FROM users WHERE id = $1::uuid", p.id, NULL);
    assert_non_null(strstr(hash, "$m=19456,t=2,p=1$"));
    expect(sign_in(p.email, PERSON_PASSWORD, NULL), 200);
}

static void live_sessions_are_limited(void **state)
{
    (void)state;
    struct person p;
    char first[2048];
    person_register(&p);
    snprintf(first, sizeof first, "%s", p.token);
    for (int i = 0; i < 20; i++)
        person_login(&p);
    struct answer *a = expect(get(p.token, "/auth/sessions?limit=100"), 200);
    assert_int_equal(answer_count(a, "items"), 20);
    a = expect_problem(get(first, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "limit");
}

static void *sign_in_meanwhile(void *person)
{
    return sign_in(((const struct person *)person)->email, PERSON_PASSWORD, NULL);
}

/* The old password was compared before a new one came, the session is opened after: it must not be. */
static void a_sign_in_under_way_does_not_outlive_a_new_password(void **state)
{
    (void)state;
    struct person p;
    pthread_t thread;
    void *answer;
    person_new(&p, "patient");
    long sessions = owner_count("SELECT count(*) FROM user_sessions WHERE user_id = $1::uuid", p.id, NULL);
    PGconn *conn = PQconnectdb(owner_conninfo());
    const char *id = p.id;
    PQclear(PQexec(conn, "BEGIN"));
    PGresult *changed = PQexecParams(conn, "UPDATE users SET password_hash = password_hash || 'x' WHERE id = $1::uuid", 1, NULL, &id, NULL, NULL, 0);
    assert_string_equal(PQcmdTuples(changed), "1");
    PQclear(changed);
    pthread_create(&thread, NULL, sign_in_meanwhile, &p);
    for (int tries = 0; tries < 1000; tries++) { /* until it waits for the account's row */
        if (owner_count("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'", NULL) > 0)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 10 * 1000000}, NULL);
    }
    PQclear(PQexec(conn, "COMMIT"));
    PQfinish(conn);
    pthread_join(thread, &answer);
    expect_problem(answer, 401, "auth.invalid_credentials");
    assert_int_equal(owner_count("SELECT count(*) FROM user_sessions WHERE user_id = $1::uuid", p.id, NULL), sessions);
}

int main(void)
{
    srand((unsigned)time(NULL));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(right_password_opens_a_session, owner_forgive),
        cmocka_unit_test_setup(an_account_is_found_by_phone, owner_forgive),
        cmocka_unit_test_setup(a_sign_in_under_way_does_not_outlive_a_new_password, owner_forgive),
        cmocka_unit_test_setup(unknown_and_wrong_are_alike, owner_forgive),
        cmocka_unit_test_setup(guessing_is_slowed_down_for_both_alike, owner_forgive),
        cmocka_unit_test_setup(the_owner_is_not_locked_out, owner_forgive),
        cmocka_unit_test_setup(an_address_that_guesses_is_slowed_down, owner_forgive),
        cmocka_unit_test_setup(guesses_at_once_do_not_slip_through, owner_forgive),
        cmocka_unit_test_setup(deactivated_accounts_stay_out, owner_forgive),
        cmocka_unit_test_setup(outdated_hashes_are_renewed, owner_forgive),
        cmocka_unit_test_setup(live_sessions_are_limited, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: signing in", tests, NULL, NULL);
}
