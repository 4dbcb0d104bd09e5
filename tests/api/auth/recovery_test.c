/* Codes by e-mail, through a real mail server: proof of the address, forgotten password, change of address. */
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

#include "cut.h"
#include "expect.h"
#include "mailbox.h"
#include "owner.h"
#include "people.h"

#define NEW_PASSWORD "another horse 28 battery"

static struct answer *forgot(const char *identifier)
{
    return post(NULL, json_pack("{s:s}", "email", identifier), "/auth/password/forgot");
}

static struct answer *reset(const char *token, const char *password)
{
    return post(NULL, json_pack("{s:s, s:s}", "token", token, "new_password", password), "/auth/password/reset");
}

static struct answer *verify(const char *token)
{
    return post(NULL, json_pack("{s:s}", "token", token), "/auth/email/verify");
}

static struct answer *move_to(const struct person *p, const char *address)
{
    return post(p->token, json_pack("{s:s, s:s}", "email", address, "password", PERSON_PASSWORD), "/auth/email");
}

static struct answer *sign_in(const char *email, const char *password)
{
    return post(NULL, json_pack("{s:s, s:s}", "email", email, "password", password), "/auth/login");
}

/* The code to a forgotten password; it comes in the n-th message with a code to this person. */
static void ask_for_code(const struct person *p, char code[64], size_t n)
{
    expect(forgot(p->email), 202);
    snprintf(code, 64, "%s", mailbox_code(mailbox_await(p->email, "#code=", n)));
}

static int reachable(void **state)
{
    (void)state;
    if (!mailbox_exists())
        print_message("DASTERN_TEST_MAIL is not set: e-mails cannot be read here\n");
    return mailbox_exists() ? 0 : -1;
}

static void an_address_is_proved_by_its_code(void **state)
{
    (void)state;
    struct person p;
    char code[64];
    person_register(&p);
    assert_false(answer_true(expect(get(p.token, "/auth/me"), 200), "email_verified"));
    expect(post(p.token, NULL, "/auth/email/verification"), 202);
    expect_problem(post(p.token, NULL, "/auth/email/verification"), 429, "auth.throttled");
    snprintf(code, sizeof code, "%s", mailbox_code(mailbox_await(p.email, "#code=", 1)));
    assert_int_equal(owner_count("SELECT count(*) FROM verification_codes c WHERE user_id = $1::uuid AND code_hash = sha256(replace($2, '-', '')::bytea)",
                                 p.id, code, NULL), 1);
    for (char *c = code; *c; c++) /* as people type */
        *c = *c == '-' ? ' ' : *c == '0' ? 'o' : *c == '1' ? 'l' : (char)(*c >= 'A' ? *c - 'A' + 'a' : *c);
    expect(verify(code), 204);
    expect_fault(verify(code), "/token", "code");
    assert_true(answer_true(expect(get(p.token, "/auth/me"), 200), "email_verified"));
    expect_problem(post(p.token, NULL, "/auth/email/verification"), 409, "email.already_verified");
}

static void a_forgotten_password_is_replaced(void **state)
{
    (void)state;
    struct person p;
    char code[64];
    person_new(&p, "patient");
    ask_for_code(&p, code, 1);
    expect_fault(reset(code, "password"), "/new_password", "common");
    expect_fault(reset(code, p.email), "/new_password", "personal");
    expect_fault(reset("0000-0000-0000-0000", NEW_PASSWORD), "/token", "code");
    expect(get(p.token, "/auth/me"), 200);
    expect(reset(code, NEW_PASSWORD), 204);
    expect_fault(reset(code, NEW_PASSWORD), "/token", "code");
    struct answer *a = expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "password_reset");
    expect_problem(post(NULL, json_pack("{s:s}", "refresh_token", p.refresh), "/auth/refresh"), 401, "auth.session_ended");
    expect_problem(sign_in(p.email, PERSON_PASSWORD), 401, "auth.invalid_credentials");
    expect(sign_in(p.email, NEW_PASSWORD), 200);
    mailbox_await(p.email, "was changed", 1);
}

/* Cut off before its effect, a code is as good as before; what it is for happens once. */
static void a_cut_off_request_costs_no_code(void **state)
{
    (void)state;
    struct person p;
    char code[64], body[128];
    person_new(&p, "patient");
    const struct cut cut = {.role = "dastern_auth", .hold = "SELECT FROM users WHERE id = $1 FOR UPDATE", .id = p.id};
    expect(post(p.token, NULL, "/auth/email/verification"), 202);
    snprintf(code, sizeof code, "%s", mailbox_code(mailbox_await(p.email, "#code=", 1)));
    const struct call prove = {.method = "POST", .path = "/auth/email/verify", .json = json_pack("{s:s}", "token", code)};
    expect_problem(cut_from_database(&cut, &prove), 503, "database.unavailable");
    assert_false(answer_true(expect(get(p.token, "/auth/me"), 200), "email_verified"));
    snprintf(body, sizeof body, "{\"token\":\"%s\"}", code);
    cut_from_client(&cut, "", "/auth/email/verify", body);
    assert_true(answer_true(expect(get(p.token, "/auth/me"), 200), "email_verified"));
    expect_fault(verify(code), "/token", "code");
    ask_for_code(&p, code, 2);
    const struct call replace = {.method = "POST", .path = "/auth/password/reset",
                                 .json = json_pack("{s:s, s:s}", "token", code, "new_password", NEW_PASSWORD)};
    expect_problem(cut_from_database(&cut, &replace), 503, "database.unavailable");
    expect(get(p.token, "/auth/me"), 200);
    expect(reset(code, NEW_PASSWORD), 204);
    expect_fault(reset(code, NEW_PASSWORD), "/token", "code");
}

static void codes_grow_old(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    expect(forgot(p.email), 202);
    const char *code = mailbox_code(mailbox_await(p.email, "#code=", 1));
    assert_int_equal(owner_count("SELECT extract(epoch FROM expires_at - created_at) FROM verification_codes WHERE user_id = $1::uuid", p.id, NULL), 600);
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '11 minutes', expires_at = now() - interval '1 second' "
              "WHERE user_id = $1::uuid", p.id, NULL);
    expect_fault(reset(code, NEW_PASSWORD), "/token", "code");
}

static void a_newer_code_replaces_the_older(void **state)
{
    (void)state;
    struct person p;
    char first[64], second[64];
    person_new(&p, "patient");
    ask_for_code(&p, first, 1);
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '2 minutes' WHERE user_id = $1::uuid", p.id, NULL);
    ask_for_code(&p, second, 2);
    expect_fault(reset(first, NEW_PASSWORD), "/token", "code");
    expect(reset(second, NEW_PASSWORD), 204);
}

/* Known, unknown, by phone, nonsense: one answer; and a crowd of requests sends one message. */
static void forgetting_tells_nothing(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    struct answer *known = expect(forgot(p.email), 202), *unknown = expect(forgot(fresh_email()), 202);
    struct answer *nonsense = expect(forgot("nonsense"), 202), *phone = expect(forgot(fresh_phone()), 202);
    assert_true(json_equal(known->json, unknown->json) && json_equal(known->json, nonsense->json) && json_equal(known->json, phone->json));
    for (int i = 0; i < 5; i++)
        expect(forgot(p.email), 202);
    mailbox_await(p.email, "#code=", 1);
    assert_int_equal(owner_count("SELECT count(*) FROM outbox WHERE user_id = $1::uuid", p.id, NULL), 1);
}

static void an_address_changes_with_proof_and_notice(void **state)
{
    (void)state;
    struct person p, other;
    char next[80], code[64];
    person_new(&p, "patient");
    person_new(&other, "patient");
    snprintf(next, sizeof next, "%s", fresh_email());
    expect_problem(post(p.token, json_pack("{s:s, s:s}", "email", next, "password", "not it"), "/auth/email"), 403, "auth.password_wrong");
    expect(move_to(&p, next), 202);
    assert_string_equal(answer_text(get(p.token, "/auth/me"), "email"), p.email);
    snprintf(code, sizeof code, "%s", mailbox_code(mailbox_await(next, "#code=", 1)));
    expect(verify(code), 204);
    struct answer *a = expect(get(p.token, "/auth/me"), 200);
    assert_string_equal(answer_text(a, "email"), next);
    assert_true(answer_true(a, "email_verified"));
    mailbox_await(p.email, "no longer uses this address", 1);
    expect(sign_in(next, PERSON_PASSWORD), 200);
    expect_problem(sign_in(p.email, PERSON_PASSWORD), 401, "auth.invalid_credentials");
    /* Somebody else's address: nothing is said when asking, and the proof fails for good. */
    expect(post(other.token, json_pack("{s:s, s:s}", "email", next, "password", PERSON_PASSWORD), "/auth/email"), 202);
    snprintf(code, sizeof code, "%s", mailbox_code(mailbox_await(next, "#code=", 2)));
    expect_problem(verify(code), 409, "user.email_taken");
    assert_string_equal(answer_text(get(other.token, "/auth/me"), "email"), other.email);
}

static void a_password_changes_with_the_present_one(void **state)
{
    (void)state;
    struct person p, q;
    person_new(&p, "patient");
    q = p;
    person_login(&q);
    expect_problem(post(p.token, json_pack("{s:s, s:s}", "current_password", "not it", "new_password", NEW_PASSWORD), "/auth/password"),
                   403, "auth.password_wrong");
    expect_fault(post(p.token, json_pack("{s:s, s:s}", "current_password", PERSON_PASSWORD, "new_password", "qwertyuiop"), "/auth/password"),
                 "/new_password", "common");
    expect(post(p.token, json_pack("{s:s, s:s}", "current_password", PERSON_PASSWORD, "new_password", NEW_PASSWORD), "/auth/password"), 204);
    expect(get(p.token, "/auth/me"), 200);
    struct answer *a = expect_problem(get(q.token, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "password_change");
    expect_problem(sign_in(p.email, PERSON_PASSWORD), 401, "auth.invalid_credentials");
    expect(sign_in(p.email, NEW_PASSWORD), 200);
}

/* A thief with a stolen password has begun to move the account to an address of his own; the owner is quicker. */
static void a_new_password_ends_a_change_of_address_begun_before(void **state)
{
    (void)state;
    struct person p;
    char thief[80], code[64];
    person_new(&p, "patient");
    snprintf(thief, sizeof thief, "%s", fresh_email());
    expect(move_to(&p, thief), 202);
    ask_for_code(&p, code, 1);
    expect(reset(code, NEW_PASSWORD), 204);
    expect_fault(verify(mailbox_code(mailbox_await(thief, "#code=", 1))), "/token", "code");
    expect(sign_in(p.email, NEW_PASSWORD), 200);
}

/* Whoever reads the address that was left gets in no more by a code that went there before. */
static void a_change_of_address_ends_the_codes_of_the_old_one(void **state)
{
    (void)state;
    struct person p;
    char next[80], code[64];
    person_new(&p, "patient");
    ask_for_code(&p, code, 1);
    snprintf(next, sizeof next, "%s", fresh_email());
    expect(move_to(&p, next), 202);
    expect(verify(mailbox_code(mailbox_await(next, "#code=", 1))), 204);
    expect_fault(reset(code, NEW_PASSWORD), "/token", "code");
    expect(sign_in(next, PERSON_PASSWORD), 200);
}

/* The codes that this account had sent so far are two minutes older. */
static void age_codes(const struct person *p)
{
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '2 minutes' WHERE user_id = $1::uuid", p->id, NULL);
}

/* Whoever has an account, or many, cannot fill a stranger's mailbox by it. */
static void few_codes_a_day_are_sent(void **state)
{
    (void)state;
    struct person p, others[2];
    char victim[80];
    person_new(&p, "patient");
    snprintf(victim, sizeof victim, "%s", fresh_email());
    for (int i = 0; i < 9; i++, age_codes(&p))
        expect(move_to(&p, victim), 202);
    expect(post(p.token, NULL, "/auth/email/verification"), 202);
    age_codes(&p);
    struct answer *a = expect_problem(move_to(&p, fresh_email()), 429, "auth.throttled");
    assert_in_range(strtol(answer_header(a, "Retry-After"), NULL, 10), 80000, 86400);
    expect_problem(post(p.token, NULL, "/auth/email/verification"), 429, "auth.throttled");
    for (size_t k = 0; k < 2; k++) {
        person_new(&others[k], "patient");
        for (int i = 0; i < (k == 0 ? 10 : 1); i++, age_codes(&others[k]))
            expect(move_to(&others[k], victim), 202);
    }
    for (char *c = victim; *c; c++)
        *c = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;
    expect_problem(move_to(&others[1], victim), 429, "auth.throttled");
    expect(forgot(p.email), 202);
    mailbox_await(p.email, "#code=", 2); /* a way back in there is all the same */
}

#define CROWD 50

struct racer {
    const char *code;
    bool resets;
    int number, status;
};

static void *race(void *arg)
{
    struct racer *me = arg;
    char password[40];
    snprintf(password, sizeof password, "%s %d", NEW_PASSWORD, me->number);
    me->status = (me->resets ? reset(me->code, password) : verify(me->code))->status;
    return NULL;
}

/* How many of a crowd that presents one code at once get through; -1: the password is not the winner's. */
static int winners(const struct person *p, const char *code, bool resets)
{
    pthread_t threads[CROWD];
    struct racer racers[CROWD];
    int won = 0;
    char password[40];
    for (int i = 0; i < CROWD; i++) {
        racers[i] = (struct racer){.code = code, .resets = resets, .number = i};
        pthread_create(&threads[i], NULL, race, &racers[i]);
    }
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        assert_true(racers[i].status == 204 || racers[i].status == 422);
        if (racers[i].status != 204)
            continue;
        won++;
        snprintf(password, sizeof password, "%s %d", NEW_PASSWORD, i);
    }
    owner_forgive(NULL);
    return won == 1 && resets && sign_in(p->email, password)->status != 200 ? -1 : won;
}

static void a_code_counts_once_for_a_crowd(void **state)
{
    (void)state;
    struct person p;
    char code[64];
    person_register(&p);
    expect(post(p.token, NULL, "/auth/email/verification"), 202);
    snprintf(code, sizeof code, "%s", mailbox_code(mailbox_await(p.email, "#code=", 1)));
    assert_int_equal(winners(&p, code, false), 1);
    owner_forgive(NULL);
    ask_for_code(&p, code, 2);
    assert_int_equal(winners(&p, code, true), 1);
}

/* Guessing the own password (a stolen session) is throttled, also under an Idempotency-Key. */
static void the_present_password_cannot_be_guessed(void **state)
{
    (void)state;
    struct person p;
    int throttled = 0;
    person_new(&p, "patient");
    for (int i = 0; i < 8; i++) {
        char key[16];
        snprintf(key, sizeof key, "guess-%d", i);
        json_t *body = json_pack("{s:s, s:s}", "current_password", "guess", "new_password", NEW_PASSWORD);
        throttled += post_once(p.token, key, body, "/auth/password")->status == 429;
    }
    assert_in_range(throttled, 1, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_address_is_proved_by_its_code, owner_forgive),
        cmocka_unit_test_setup(a_forgotten_password_is_replaced, owner_forgive),
        cmocka_unit_test_setup(a_cut_off_request_costs_no_code, owner_forgive),
        cmocka_unit_test_setup(codes_grow_old, owner_forgive),
        cmocka_unit_test_setup(a_newer_code_replaces_the_older, owner_forgive),
        cmocka_unit_test_setup(forgetting_tells_nothing, owner_forgive),
        cmocka_unit_test_setup(an_address_changes_with_proof_and_notice, owner_forgive),
        cmocka_unit_test_setup(a_new_password_ends_a_change_of_address_begun_before, owner_forgive),
        cmocka_unit_test_setup(a_change_of_address_ends_the_codes_of_the_old_one, owner_forgive),
        cmocka_unit_test_setup(few_codes_a_day_are_sent, owner_forgive),
        cmocka_unit_test_setup(a_code_counts_once_for_a_crowd, owner_forgive),
        cmocka_unit_test_setup(a_password_changes_with_the_present_one, owner_forgive),
        cmocka_unit_test_setup(the_present_password_cannot_be_guessed, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: recovery", tests, reachable, NULL);
}
