/* The second factor and step-up: codes count once, recovery codes work once, risky acts want a recent proof. */
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

#include "../../../modules/auth/totp.h"
#include "cut.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

struct enrolled {
    struct person person;
    char secret[64];
    char recovery[10][24];
};

static struct arena *mem;

static int make_arena(void **state)
{
    (void)state;
    mem = arena_new(65536);
    return 0;
}

static int drop_arena(void **state)
{
    (void)state;
    arena_free(mem);
    return 0;
}

static const char *code_now(const char *secret, int steps_ahead)
{
    static char code[TOTP_DIGITS + 1];
    assert_true(totp_code(mem, secret, time(NULL) / 30 + steps_ahead, code));
    return code;
}

static struct answer *sign_in(const char *email, const char *code)
{
    json_t *body = json_pack("{s:s, s:s}", "email", email, "password", PERSON_PASSWORD);
    if (code)
        json_object_set_new(body, "totp_code", json_string(code));
    return post(NULL, body, "/auth/login");
}

/* The last proof of the person behind every session of theirs is six minutes old. */
static void age_proof(const struct person *p)
{
    owner_sql("UPDATE user_sessions SET verified_at = now() - interval '6 minutes' WHERE user_id = $1::uuid", p->id, NULL);
}

/* Spent codes become fresh again, so that a test needs not wait for the next half minute. */
static void forget_step(const struct person *p)
{
    owner_sql("UPDATE totp_secrets SET last_counter = NULL WHERE user_id = $1::uuid", p->id, NULL);
}

static void enrol(struct enrolled *e)
{
    person_new(&e->person, "patient");
    struct answer *a = expect(post(e->person.token, NULL, "/auth/totp"), 200);
    snprintf(e->secret, sizeof e->secret, "%s", answer_text(a, "secret"));
    assert_non_null(strstr(answer_text(a, "otpauth_uri"), e->secret));
    assert_int_equal(strncmp(answer_text(a, "qr_svg_url"), "data:image/svg+xml,", 19), 0);
    a = expect(post(e->person.token, json_pack("{s:s}", "code", code_now(e->secret, 0)), "/auth/totp/confirm"), 200);
    assert_int_equal(answer_count(a, "recovery_codes"), 10);
    for (size_t i = 0; i < 10; i++)
        snprintf(e->recovery[i], sizeof e->recovery[i], "%s", json_string_value(json_array_get(answer_at(a, "recovery_codes"), i)));
}

static void nothing_is_on_before_it_is_confirmed(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    expect_problem(post(p.token, json_pack("{s:s}", "code", "123456"), "/auth/totp/confirm"), 409, "totp.not_enrolled");
    struct answer *a = expect(post(p.token, NULL, "/auth/totp"), 200);
    const char *right = code_now(answer_text(a, "secret"), 0);
    const char *wrong = strcmp(right, "123456") == 0 ? "123457" : "123456";
    expect_problem(post(p.token, json_pack("{s:s}", "code", wrong), "/auth/totp/confirm"), 403, "auth.totp_invalid");
    expect_fault(post(p.token, json_pack("{s:s}", "code", "12345"), "/auth/totp/confirm"), "/code", "length");
    expect(sign_in(p.email, NULL), 200);
}

static void signing_in_takes_a_code(void **state)
{
    (void)state;
    struct enrolled e;
    enrol(&e);
    expect_problem(sign_in(e.person.email, NULL), 401, "auth.totp_required");
    expect_problem(sign_in(e.person.email, "000000"), 401, "auth.totp_invalid");
    expect_problem(sign_in(e.person.email, code_now(e.secret, 0)), 401, "auth.totp_invalid"); /* spent by the confirmation */
    expect(sign_in(e.person.email, code_now(e.secret, 1)), 200);
    expect_problem(sign_in(e.person.email, code_now(e.secret, 1)), 401, "auth.totp_invalid");
    expect_problem(sign_in(e.person.email, code_now(e.secret, 2)), 401, "auth.totp_invalid");
}

static void a_recovery_code_works_once(void **state)
{
    (void)state;
    struct enrolled e;
    enrol(&e);
    expect(sign_in(e.person.email, e.recovery[3]), 200);
    expect_problem(sign_in(e.person.email, e.recovery[3]), 401, "auth.totp_invalid");
    expect(sign_in(e.person.email, e.recovery[4]), 200);
    assert_int_equal(owner_count("SELECT count(*) FROM recovery_codes WHERE user_id = $1::uuid AND used_at IS NULL", e.person.id, NULL), 8);
}

/* The person has ten of them: none may go without letting anybody in, nor without the proof that it was given for. */
static void a_cut_off_request_costs_no_recovery_code(void **state)
{
    (void)state;
    struct enrolled e;
    enrol(&e);
    const struct call sign_in_call = {.method = "POST", .path = "/auth/login",
                                      .json = json_pack("{s:s, s:s, s:s}", "email", e.person.email, "password", PERSON_PASSWORD,
                                                        "totp_code", e.recovery[0])};
    const struct cut reading = {.role = "dastern_auth", .hold = "ALTER VIEW accounts SET (security_invoker = true)"};
    expect_problem(cut_from_database(&reading, &sign_in_call), 503, "database.unavailable");
    expect(sign_in(e.person.email, e.recovery[0]), 200);
    expect_problem(sign_in(e.person.email, e.recovery[0]), 401, "auth.totp_invalid");
    const struct call step_up = {.method = "POST", .path = "/auth/step-up", .token = e.person.token,
                                 .json = json_pack("{s:s}", "totp_code", e.recovery[1])};
    const struct cut proving = {.role = "dastern_auth", .hold = "SELECT FROM user_sessions WHERE user_id = $1 FOR UPDATE", .id = e.person.id};
    age_proof(&e.person);
    expect_problem(cut_from_database(&proving, &step_up), 503, "database.unavailable");
    expect_problem(post(e.person.token, NULL, "/auth/totp"), 403, "auth.step_up_required");
    expect(post(e.person.token, json_pack("{s:s}", "totp_code", e.recovery[1]), "/auth/step-up"), 204);
    assert_int_equal(owner_count("SELECT count(*) FROM recovery_codes WHERE user_id = $1::uuid AND used_at IS NULL", e.person.id, NULL), 8);
}

static void codes_cannot_be_guessed(void **state)
{
    (void)state;
    struct enrolled e;
    char guess[8];
    int refused = 0;
    enrol(&e);
    for (int i = 0; i < 8 && !refused; i++) {
        snprintf(guess, sizeof guess, "%06d", 100 + i);
        refused = sign_in(e.person.email, guess)->status == 429;
    }
    assert_true(refused);
}

static void secrets_are_sealed_and_codes_hashed(void **state)
{
    (void)state;
    struct enrolled e;
    enrol(&e);
    assert_int_equal(owner_count("SELECT count(*) FROM totp_secrets WHERE user_id = $1::uuid AND position($2::bytea IN sealed) = 0",
                                 e.person.id, e.secret, NULL), 1);
    assert_int_equal(owner_count("SELECT count(*) FROM recovery_codes WHERE user_id = $1::uuid AND code_hash = sha256(replace($2, '-', '')::bytea)",
                                 e.person.id, e.recovery[0], NULL), 1);
}

static void it_goes_with_the_password(void **state)
{
    (void)state;
    struct enrolled e;
    enrol(&e);
    struct call removal = {.method = "DELETE", .path = "/auth/totp", .token = e.person.token};
    removal.json = json_pack("{s:s}", "password", "not it");
    expect_problem(client_call(&removal), 403, "auth.password_wrong");
    expect_problem(sign_in(e.person.email, NULL), 401, "auth.totp_required");
    removal.json = json_pack("{s:s}", "password", PERSON_PASSWORD);
    expect(client_call(&removal), 204);
    expect(sign_in(e.person.email, NULL), 200);
    removal.json = json_pack("{s:s}", "password", PERSON_PASSWORD);
    expect_problem(client_call(&removal), 409, "totp.not_enabled");
}

static void risky_acts_want_a_recent_proof(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    age_proof(&p);
    struct answer *a = expect_problem(post(p.token, NULL, "/auth/totp"), 403, "auth.step_up_required");
    assert_string_equal(answer_text(a, "next_step"), "step_up");
    expect_problem(post(p.token, json_pack("{s:s}", "password", "not it"), "/auth/step-up"), 403, "auth.password_wrong");
    expect_problem(post(p.token, NULL, "/auth/totp"), 403, "auth.step_up_required");
    expect(post(p.token, json_pack("{s:s}", "password", PERSON_PASSWORD), "/auth/step-up"), 204);
    expect(post(p.token, NULL, "/auth/totp"), 200);
    expect_problem(post(p.token, json_pack("{s:s}", "totp_code", "123456"), "/auth/step-up"), 409, "totp.not_enabled");
}

static void a_code_is_a_proof_too(void **state)
{
    (void)state;
    struct enrolled e;
    enrol(&e);
    age_proof(&e.person);
    expect_problem(post(e.person.token, json_pack("{s:s}", "totp_code", "000000"), "/auth/step-up"), 403, "auth.totp_invalid");
    forget_step(&e.person);
    expect(post(e.person.token, json_pack("{s:s}", "totp_code", code_now(e.secret, 0)), "/auth/step-up"), 204);
    expect_problem(post(e.person.token, json_pack("{s:s}", "totp_code", code_now(e.secret, 0)), "/auth/step-up"), 403, "auth.totp_invalid");
}

/* People sign in by it. */
static void another_phone_number_wants_a_recent_proof(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    age_proof(&p);
    expect_problem(patch(p.token, json_pack("{s:s}", "phone_number", fresh_phone()), "/auth/me"), 403, "auth.step_up_required");
    assert_true(json_is_null(answer_at(expect(patch(p.token, json_pack("{s:s}", "first_name", "Sokha"), "/auth/me"), 200), "phone_number")));
    expect(post(p.token, json_pack("{s:s}", "password", PERSON_PASSWORD), "/auth/step-up"), 204);
    expect(patch(p.token, json_pack("{s:s}", "phone_number", fresh_phone()), "/auth/me"), 200);
    assert_int_equal(owner_count("SELECT count(*) FROM outbox WHERE user_id = $1::uuid AND payload ->> 'template' = 'account.phone_changed'", p.id, NULL), 1);
}

/* Letting a relative see more is a risky act; letting them see less is not. */
static void raising_a_permission_wants_a_recent_proof(void **state)
{
    (void)state;
    struct person patient, relative;
    char link[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    person_link(&patient, &relative, json_pack("{s:b}", "view_reminders", true), link);
    age_proof(&patient);
    json_t *more = json_pack("{s:{s:b}}", "permissions", "view_prescriptions", true);
    json_t *less = json_pack("{s:{s:b}}", "permissions", "view_reminders", false);
    expect_problem(patch(patient.token, json_incref(more), "/family/members/%s", link), 403, "auth.step_up_required");
    expect(patch(patient.token, less, "/family/members/%s", link), 200);
    expect(post(patient.token, json_pack("{s:s}", "password", PERSON_PASSWORD), "/auth/step-up"), 204);
    expect(patch(patient.token, more, "/family/members/%s", link), 200);
}

/* So is letting them see it for longer. */
static void a_longer_link_wants_a_recent_proof(void **state)
{
    (void)state;
    struct person patient, relative;
    char link[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    person_link(&patient, &relative, NULL, link);
    age_proof(&patient);
    expect(patch(patient.token, json_pack("{s:s}", "expires_at", "2190-01-01T00:00:00Z"), "/family/members/%s", link), 200);
    expect(patch(patient.token, json_pack("{s:s}", "expires_at", "2189-01-01T00:00:00Z"), "/family/members/%s", link), 200);
    expect_problem(patch(patient.token, json_pack("{s:s}", "expires_at", "2189-01-01T00:00:01Z"), "/family/members/%s", link), 403, "auth.step_up_required");
    expect_problem(patch(patient.token, json_pack("{s:n}", "expires_at"), "/family/members/%s", link), 403, "auth.step_up_required");
    expect(post(patient.token, json_pack("{s:s}", "password", PERSON_PASSWORD), "/auth/step-up"), 204);
    expect(patch(patient.token, json_pack("{s:n}", "expires_at"), "/family/members/%s", link), 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(nothing_is_on_before_it_is_confirmed, owner_forgive),
        cmocka_unit_test_setup(signing_in_takes_a_code, owner_forgive),
        cmocka_unit_test_setup(a_recovery_code_works_once, owner_forgive),
        cmocka_unit_test_setup(a_cut_off_request_costs_no_recovery_code, owner_forgive),
        cmocka_unit_test_setup(codes_cannot_be_guessed, owner_forgive),
        cmocka_unit_test_setup(secrets_are_sealed_and_codes_hashed, owner_forgive),
        cmocka_unit_test_setup(it_goes_with_the_password, owner_forgive),
        cmocka_unit_test_setup(risky_acts_want_a_recent_proof, owner_forgive),
        cmocka_unit_test_setup(another_phone_number_wants_a_recent_proof, owner_forgive),
        cmocka_unit_test_setup(raising_a_permission_wants_a_recent_proof, owner_forgive),
        cmocka_unit_test_setup(a_longer_link_wants_a_recent_proof, owner_forgive),
        cmocka_unit_test_setup(a_code_is_a_proof_too, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: second factor", tests, make_arena, drop_arena);
}
