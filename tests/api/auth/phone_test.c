/* Proof of a phone number, through a gateway for text messages (tests/sms) whose directory is $DASTERN_TEST_SMS. Where the stack has
 * none configured, the endpoints must not exist. */
#include <glob.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "cut.h"
#include "expect.h"
#include "mailbox.h"
#include "owner.h"
#include "people.h"

#define NEW_PASSWORD "another horse 28 battery"
#define CODE_DIGITS 6
#define CROWD 50

/* --- what the gateway got ------------------------------------------------------------------------------------------------ */

static char text[1024];

/* How many messages to this number hold `word`; the last one's text is in `text`. */
static size_t received(const char *number, const char *word)
{
    char pattern[4096];
    glob_t found;
    size_t n = 0;
    snprintf(pattern, sizeof pattern, "%s/*.json", getenv("DASTERN_TEST_SMS"));
    if (glob(pattern, 0, NULL, &found) != 0)
        return 0;
    for (size_t i = 0; i < found.gl_pathc; i++) {
        json_t *message = json_load_file(found.gl_pathv[i], 0, NULL);
        const char *to = json_string_value(json_object_get(message, "to")), *said = json_string_value(json_object_get(message, "text"));
        if (to && said && strcmp(to, number) == 0 && strstr(said, word)) {
            snprintf(text, sizeof text, "%s", said);
            n++;
        }
        json_decref(message);
    }
    globfree(&found);
    return n;
}

static void await(const char *number, const char *word, size_t n)
{
    for (int tries = 0; tries < 400; tries++) {
        if (received(number, word) >= n)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
    fail_msg("not %zu text messages to %s with: %s", n, number, word);
}

/* The code of the only message to the number. */
static void await_code(const char *number, char code[CODE_DIGITS + 1])
{
    await(number, "", 1);
    const char *at = strpbrk(text, "0123456789");
    assert_non_null(at);
    assert_int_equal(strspn(at, "0123456789"), CODE_DIGITS);
    snprintf(code, CODE_DIGITS + 1, "%s", at);
    client_note_secret(number); /* six digits turn up in any log; the number does not */
}

/* --- the calls ----------------------------------------------------------------------------------------------------------- */

static struct answer *ask(const struct person *p, const char *number)
{
    return post(p->token, json_pack("{s:s, s:s}", "phone_number", number, "password", PERSON_PASSWORD), "/auth/phone");
}

static struct answer *verify(const struct person *p, const char *code)
{
    return post(p->token, json_pack("{s:s}", "code", code), "/auth/phone/verify");
}

/* Another code than this one. */
static const char *other_than(const char *code)
{
    static _Thread_local char wrong[CODE_DIGITS + 1];
    snprintf(wrong, sizeof wrong, "%s", code);
    wrong[0] = wrong[0] == '9' ? '0' : (char)(wrong[0] + 1);
    return wrong;
}

/* A number nobody has yet, and the code that was sent there. */
static void begin_proof(const struct person *p, char number[24], char code[CODE_DIGITS + 1])
{
    snprintf(number, 24, "%s", fresh_phone());
    expect(ask(p, number), 202);
    await_code(number, code);
}

static void prove(const struct person *p, char number[24])
{
    char code[CODE_DIGITS + 1];
    begin_proof(p, number, code);
    expect(verify(p, code), 204);
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '2 minutes' WHERE user_id = $1::uuid", p->id, NULL);
}

static void phone_is(const struct person *p, const char *number, bool verified)
{
    struct answer *a = expect(get(p->token, "/auth/me"), 200);
    if (number)
        assert_string_equal(answer_text(a, "phone_number"), number);
    else
        assert_true(json_is_null(answer_at(a, "phone_number")));
    assert_int_equal(answer_true(a, "phone_verified"), verified);
}

/* --- the tests ----------------------------------------------------------------------------------------------------------- */

static void without_a_gateway_there_is_nothing(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    expect_problem(ask(&p, fresh_phone()), 404, "not_found");
    expect_problem(verify(&p, "000000"), 404, "not_found");
}

static void a_number_is_proved_by_its_code(void **state)
{
    (void)state;
    struct person p;
    char number[24], code[CODE_DIGITS + 1];
    person_new(&p, "patient");
    snprintf(number, sizeof number, "%s", fresh_phone());
    json_t *wrong = json_pack("{s:s, s:s}", "phone_number", number, "password", "not it");
    expect_problem(post(p.token, wrong, "/auth/phone"), 403, "auth.password_wrong");
    expect(ask(&p, number), 202);
    expect_problem(ask(&p, number), 429, "auth.throttled");
    phone_is(&p, NULL, false);
    await_code(number, code);
    assert_non_null(strstr(text, "10"));
    expect_fault(verify(&p, other_than(code)), "/code", "code");
    expect(verify(&p, code), 204);
    phone_is(&p, number, true);
    expect_fault(verify(&p, code), "/code", "code");
    expect_problem(ask(&p, number), 409, "phone.already_verified");
    json_t *by_phone = json_pack("{s:s, s:s}", "email", number, "password", PERSON_PASSWORD);
    expect(post(NULL, by_phone, "/auth/login"), 200);
    assert_int_equal(received(number, ""), 1);
    /* Neither the code nor a plain hash of it was stored. */
    assert_int_equal(owner_count("SELECT count(*) FROM verification_codes WHERE user_id = $1::uuid AND code_hash = sha256($2::bytea)",
                                 p.id, code, NULL), 0);
    assert_int_equal(owner_count("SELECT count(*) FROM outbox WHERE user_id = $1::uuid AND (sealed IS NOT NULL OR payload::text LIKE '%' || $2 || '%')",
                                 p.id, code, NULL), 0);
}

static void the_text_is_in_the_persons_language(void **state)
{
    (void)state;
    static const struct { const char *language, *word; } texts[] = {{"km", "លេខកូដ"}, {"en", "your code"}, {"fr", "votre code"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct person p;
        char number[24];
        person_register(&p);
        expect(patch(p.token, json_pack("{s:s}", "language", texts[i].language), "/auth/me"), 200);
        snprintf(number, sizeof number, "%s", fresh_phone());
        expect(ask(&p, number), 202);
        await(number, texts[i].word, 1);
    }
}

static void a_changed_number_is_told_to_the_old_one(void **state)
{
    (void)state;
    struct person p;
    char first[24], second[24];
    person_new(&p, "patient");
    expect(patch(p.token, json_pack("{s:s}", "language", "en"), "/auth/me"), 200);
    prove(&p, first);
    expect_problem(patch(p.token, json_pack("{s:s}", "phone_number", fresh_phone()), "/auth/me"), 409, "phone.proof_required");
    phone_is(&p, first, true);
    prove(&p, second);
    phone_is(&p, second, true);
    await(first, "no longer uses this number", 1);
    mailbox_await(p.email, "phone number", 1);
    expect(patch(p.token, json_pack("{s:n}", "phone_number"), "/auth/me"), 200);
    phone_is(&p, NULL, false);
    await(second, "no longer uses this number", 1);
}

static void a_code_is_good_for_its_account_only(void **state)
{
    (void)state;
    struct person p, thief;
    char number[24], code[CODE_DIGITS + 1];
    person_new(&p, "patient");
    person_new(&thief, "patient");
    begin_proof(&p, number, code);
    expect_fault(verify(&thief, code), "/code", "code");
    char elsewhere[24];
    snprintf(elsewhere, sizeof elsewhere, "%s", fresh_phone());
    expect(ask(&thief, elsewhere), 202);
    expect_fault(verify(&thief, code), "/code", "code");
    expect(verify(&p, code), 204);
}

static void codes_grow_old(void **state)
{
    (void)state;
    struct person p;
    char number[24], code[CODE_DIGITS + 1];
    person_new(&p, "patient");
    begin_proof(&p, number, code);
    assert_int_equal(owner_count("SELECT extract(epoch FROM expires_at - created_at) FROM verification_codes WHERE user_id = $1::uuid", p.id, NULL), 600);
    owner_sql("UPDATE verification_codes SET created_at = created_at - interval '11 minutes', expires_at = now() - interval '1 second' "
              "WHERE user_id = $1::uuid", p.id, NULL);
    expect_fault(verify(&p, code), "/code", "code");
}

/* Also under an Idempotency-Key, whose transaction a refusal rolls back. */
static void five_guesses_end_a_code(void **state)
{
    (void)state;
    struct person p;
    char number[24], code[CODE_DIGITS + 1];
    person_new(&p, "patient");
    begin_proof(&p, number, code);
    for (int i = 0; i < 5; i++) {
        char key[16];
        snprintf(key, sizeof key, "guess-%d", i);
        expect_fault(post_once(p.token, key, json_pack("{s:s}", "code", other_than(code)), "/auth/phone/verify"), "/code", "code");
    }
    expect_fault(verify(&p, code), "/code", "code");
    phone_is(&p, NULL, false);
}

struct guesser {
    const struct person *p;
    const char *code;
    int status;
};

static void *guess(void *arg)
{
    struct guesser *g = arg;
    g->status = verify(g->p, g->code)->status;
    return NULL;
}

static int crowd_of_guesses(const struct person *p, const char *code)
{
    pthread_t threads[CROWD];
    struct guesser guessers[CROWD];
    int right = 0;
    for (int i = 0; i < CROWD; i++) {
        guessers[i] = (struct guesser){.p = p, .code = code};
        pthread_create(&threads[i], NULL, guess, &guessers[i]);
    }
    for (int i = 0; i < CROWD; i++) {
        pthread_join(threads[i], NULL);
        right += guessers[i].status == 204;
        assert_true(guessers[i].status == 204 || guessers[i].status == 422);
    }
    return right;
}

/* All at once gets no further than one by one: a crowd of wrong guesses uses the code up, and a right one counts once. */
static void a_crowd_of_guesses_is_five_guesses(void **state)
{
    (void)state;
    struct person p;
    char number[24], code[CODE_DIGITS + 1], wrong[CODE_DIGITS + 1];
    person_new(&p, "patient");
    begin_proof(&p, number, code);
    snprintf(wrong, sizeof wrong, "%s", other_than(code));
    assert_int_equal(crowd_of_guesses(&p, wrong), 0);
    expect_fault(verify(&p, code), "/code", "code");
    owner_sql("UPDATE verification_codes SET attempts = 0 WHERE user_id = $1::uuid", p.id, NULL);
    assert_in_range(crowd_of_guesses(&p, code), 0, 1);
    assert_int_equal(owner_count("SELECT count(*) FROM audit_logs WHERE user_id = $1::uuid AND action = 'account.phone_proved'", p.id, NULL),
                     answer_true(get(p.token, "/auth/me"), "phone_verified"));
}

static void few_codes_a_day_are_sent(void **state)
{
    (void)state;
    struct person p, others[2];
    char number[24];
    person_new(&p, "patient");
    snprintf(number, sizeof number, "%s", fresh_phone());
    for (int i = 0; i < 5; i++) {
        expect(ask(&p, number), 202);
        owner_sql("UPDATE verification_codes SET created_at = created_at - interval '2 minutes' WHERE user_id = $1::uuid", p.id, NULL);
    }
    struct answer *a = expect_problem(ask(&p, fresh_phone()), 429, "auth.throttled");
    assert_in_range(strtol(answer_header(a, "Retry-After"), NULL, 10), 80000, 86400);
    /* Nor does one number get more than ten, whoever asks. */
    for (size_t k = 0; k < 2; k++) {
        person_new(&others[k], "patient");
        for (int i = 0; i < (k == 0 ? 4 : 1); i++) {
            expect(ask(&others[k], number), 202);
            owner_sql("UPDATE verification_codes SET created_at = created_at - interval '2 minutes' WHERE user_id = $1::uuid", others[k].id, NULL);
        }
    }
    expect_problem(ask(&others[1], number), 429, "auth.throttled");
}

/* Whichever connection breaks in the middle: either the number is proved and the code is used up, or neither. */
static void a_proof_that_is_cut_off_is_whole_or_not_at_all(void **state)
{
    (void)state;
    struct person p;
    char number[24], code[CODE_DIGITS + 1], body[32];
    person_new(&p, "patient");
    const struct cut cut = {.role = "dastern_auth", .hold = "SELECT FROM users WHERE id = $1 FOR UPDATE", .id = p.id};
    begin_proof(&p, number, code);
    const struct call call = {.method = "POST", .path = "/auth/phone/verify", .token = p.token, .json = json_pack("{s:s}", "code", code)};
    expect_problem(cut_from_database(&cut, &call), 503, "database.unavailable");
    phone_is(&p, NULL, false);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    cut_from_client(&cut, p.token, "/auth/phone/verify", body);
    phone_is(&p, number, true);
    expect_fault(verify(&p, code), "/code", "code");
    assert_int_equal(owner_count("SELECT count(*) FROM audit_logs WHERE user_id = $1::uuid AND action = 'account.phone_proved'", p.id, NULL), 1);
}

static void proof_beats_a_claim(void **state)
{
    (void)state;
    struct person squatter, owner, late;
    char number[24], code[CODE_DIGITS + 1];
    person_new(&squatter, "patient");
    person_new(&owner, "patient");
    person_new(&late, "patient");
    snprintf(number, sizeof number, "%s", fresh_phone());
    expect(patch(squatter.token, json_pack("{s:s}", "phone_number", number), "/auth/me"), 200);
    phone_is(&squatter, number, false);
    expect(ask(&owner, number), 202);
    await_code(number, code);
    expect(verify(&owner, code), 204);
    phone_is(&owner, number, true);
    phone_is(&squatter, NULL, false);
    mailbox_await(squatter.email, "phone number", 1);
    assert_int_equal(received(number, ""), 1); /* nothing went there in the squatter's name */
    /* Whoever proves it later does not get it from who has proved it. */
    expect(ask(&late, number), 202);
    await(number, "", 2);
    snprintf(code, sizeof code, "%.*s", CODE_DIGITS, strpbrk(text, "0123456789"));
    expect_problem(verify(&late, code), 409, "user.phone_taken");
}

/* Whoever proved with a stolen password that a number is theirs is stopped by a new password. */
static void a_new_password_ends_the_codes_before_it(void **state)
{
    (void)state;
    struct person p;
    char number[24], code[CODE_DIGITS + 1];
    person_new(&p, "patient");
    begin_proof(&p, number, code);
    expect(post(p.token, json_pack("{s:s, s:s}", "current_password", PERSON_PASSWORD, "new_password", NEW_PASSWORD), "/auth/password"), 204);
    expect_fault(verify(&p, code), "/code", "code");
}

static const char *delivery_of(const struct person *p)
{
    for (int tries = 0; tries < 400; tries++) {
        const char *status = owner_sql("SELECT status FROM outbox WHERE user_id = $1::uuid AND kind = 'sms' AND status IN ('done', 'dead')", p->id, NULL);
        if (status)
            return status;
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
    fail_msg("a text message is neither delivered nor given up");
    return NULL;
}

static void a_busy_gateway_is_tried_again_and_a_refusal_is_final(void **state)
{
    (void)state;
    struct person busy, refused;
    char number[24];
    person_register(&busy);
    person_register(&refused);
    snprintf(number, sizeof number, "+8552%.8s", fresh_phone() + 5);
    expect(ask(&refused, number), 202);
    number[4] = '3';
    expect(ask(&busy, number), 202);
    assert_string_equal(delivery_of(&refused), "dead");
    assert_string_equal(owner_sql("SELECT last_error FROM outbox WHERE user_id = $1::uuid AND kind = 'sms'", refused.id, NULL), "sms: No error (400)");
    assert_string_equal(delivery_of(&busy), "done");
    assert_int_equal(owner_count("SELECT attempts FROM outbox WHERE user_id = $1::uuid AND kind = 'sms'", busy.id, NULL), 2);
    await(number, "", 1);
}

int main(void)
{
    const struct CMUnitTest without[] = {cmocka_unit_test_setup(without_a_gateway_there_is_nothing, owner_forgive)}, tests[] = {
        cmocka_unit_test_setup(a_number_is_proved_by_its_code, owner_forgive),
        cmocka_unit_test_setup(the_text_is_in_the_persons_language, owner_forgive),
        cmocka_unit_test_setup(a_changed_number_is_told_to_the_old_one, owner_forgive),
        cmocka_unit_test_setup(a_code_is_good_for_its_account_only, owner_forgive),
        cmocka_unit_test_setup(codes_grow_old, owner_forgive),
        cmocka_unit_test_setup(five_guesses_end_a_code, owner_forgive),
        cmocka_unit_test_setup(a_crowd_of_guesses_is_five_guesses, owner_forgive),
        cmocka_unit_test_setup(few_codes_a_day_are_sent, owner_forgive),
        cmocka_unit_test_setup(a_proof_that_is_cut_off_is_whole_or_not_at_all, owner_forgive),
        cmocka_unit_test_setup(proof_beats_a_claim, owner_forgive),
        cmocka_unit_test_setup(a_new_password_ends_the_codes_before_it, owner_forgive),
        cmocka_unit_test_setup(a_busy_gateway_is_tried_again_and_a_refusal_is_final, owner_forgive),
    };
    if (!getenv("DASTERN_TEST_SMS"))
        return cmocka_run_group_tests_name("auth: phone, no gateway", without, NULL, NULL);
    return cmocka_run_group_tests_name("auth: phone", tests, NULL, NULL);
}
