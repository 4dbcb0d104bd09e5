/* Signing up, onboarding, one's own account: what is refused, and that nothing of it is stored. */
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

static json_t *registration(void)
{
    return json_pack("{s:s, s:s, s:s, s:s}", "email", fresh_email(), "password", PERSON_PASSWORD, "first_name", "Sok",
                     "last_name", "Dara");
}

/* A registration with one member replaced (or added). */
static struct answer *register_with(const char *name, json_t *value)
{
    json_t *body = registration();
    json_object_set_new(body, name, value);
    return post(NULL, body, "/auth/register");
}

static void register_answers_user_and_tokens(void **state)
{
    (void)state;
    struct answer *a = expect(post(NULL, registration(), "/auth/register"), 201);
    assert_string_equal(answer_text(a, "user.status"), "pending");
    assert_string_equal(answer_text(a, "user.next_step"), "select_role");
    assert_true(json_is_null(answer_at(a, "user.role")));
    assert_string_equal(answer_text(a, "user.language"), "km");
    assert_string_equal(answer_text(a, "user.timezone"), "Asia/Phnom_Penh");
    assert_string_equal(answer_text(a, "tokens.token_type"), "Bearer");
    assert_true(answer_number(a, "tokens.expires_in") <= 600);
    assert_string_equal(answer_header(a, "Cache-Control"), "no-store");
    const char *id = answer_text(a, "user.id");
    assert_string_equal(answer_text(expect(get(answer_text(a, "tokens.access_token"), "/auth/me"), 200), "id"), id);
    assert_int_equal(owner_count("SELECT count(*) FROM users WHERE id = $1::uuid AND password_hash LIKE '$argon2id$v=19$m=19456,t=2,p=1$%'",
                                 id, NULL), 1);
}

static void register_refuses_bad_fields(void **state)
{
    (void)state;
    long before = owner_count("SELECT count(*) FROM users", NULL);
    char longest[400];
    memset(longest, 'a', sizeof longest);
    longest[300] = '\0';
    expect_fault(register_with("email", json_string("no-address")), "/email", "format");
    expect_fault(register_with("email", json_string("a@b")), "/email", "format");
    expect_fault(register_with("email", json_integer(7)), "/email", "type");
    expect_fault(register_with("password", json_string("short 1")), "/password", "length");
    expect_fault(register_with("password", json_string(longest)), "/password", "length");
    expect_fault(register_with("password", json_null()), "/password", "type");
    expect_fault(register_with("first_name", json_string("")), "/first_name", "length");
    expect_fault(register_with("last_name", json_string("a\x01z")), "/last_name", "control");
    expect_fault(register_with("phone_number", json_string("call me")), "/phone_number", "format");
    expect_fault(register_with("language", json_string("de")), "/language", "choice");
    expect_fault(register_with("role", json_string("admin")), "/role", "unknown");
    expect_fault(register_with("email_verified", json_true()), "/email_verified", "unknown");
    expect_problem(register_with("timezone", json_string("Mars/Olympus")), 422, "user.timezone");
    struct answer *a = post(NULL, json_object(), "/auth/register");
    expect_fault(a, "/email", "required");
    expect_fault(a, "/password", "required");
    expect_fault(a, "/first_name", "required");
    expect_fault(a, "/last_name", "required");
    assert_int_equal(owner_count("SELECT count(*) FROM users", NULL), before);
}

static void register_refuses_bad_bodies(void **state)
{
    (void)state;
    static const struct { const char *bytes; size_t n; int status; const char *code; } bodies[] = {
        {"", 0, 422, "request.invalid_fields"},
        {"{", 1, 400, "json.syntax"},
        {"[]", 2, 400, "json.not_object"},
        {"{\"email\":\"a\\u0000@b.org\"}", 24, 400, "json.nul"},
        {"{\"email\":\"\xff\xfe\"}", 14, 400, "json.encoding"},
        {"{\"email\":\"a@b.org\",\"email\":\"c@d.org\"}", 37, 400, "json.duplicate_key"},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        expect_problem(post_raw(NULL, "/auth/register", bodies[i].bytes, bodies[i].n), bodies[i].status, bodies[i].code);
    size_t n = 900 * 1024;
    char *big = malloc(n);
    memset(big, 'a', n);
    memcpy(big, "{\"email\":\"", 10);
    memcpy(big + n - 2, "\"}", 2);
    expect_fault(post_raw(NULL, "/auth/register", big, n), "/email", "format");
    free(big);
    expect_problem(client_call(&(struct call){.method = "POST", .path = "/auth/register", .raw = "email=a", .raw_size = 7,
                                              .content_type = "text/plain"}), 415, "request.content_type");
    expect_problem(get(NULL, "/auth/register"), 405, "request.method");
}

static void register_refuses_easy_passwords(void **state)
{
    (void)state;
    expect_fault(register_with("password", json_string("password")), "/password", "common");
    expect_fault(register_with("password", json_string("PassWord")), "/password", "common");
    expect_fault(register_with("password", json_string("qwertyuiop")), "/password", "common");
    expect_fault(register_with("password", json_string("1Q2W3E4R5T")), "/password", "common");
    expect_fault(register_with("password", json_string("DasTern2026")), "/password", "personal");
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "email", "sovannara.keo@example.org", "password", "sovannara.keo!!1",
                             "first_name", "Sovannara", "last_name", "Keo");
    expect_fault(post(NULL, body, "/auth/register"), "/password", "personal");
    expect(register_with("password", json_string("ស្រឡាញ់កម្ពុជា")), 201);
}

static void an_address_is_taken_once(void **state)
{
    (void)state;
    json_t *body = registration();
    char upper[80];
    snprintf(upper, sizeof upper, "%s", json_string_value(json_object_get(body, "email")));
    upper[0] = 'T';
    json_object_set_new(body, "phone_number", json_string(fresh_phone()));
    json_t *again = json_deep_copy(body), *phone = json_deep_copy(body);
    expect(post(NULL, body, "/auth/register"), 201);
    json_object_set_new(again, "email", json_string(upper));
    json_object_del(again, "phone_number");
    expect_problem(post(NULL, again, "/auth/register"), 409, "user.email_taken");
    json_object_set_new(phone, "email", json_string(fresh_email()));
    expect_problem(post(NULL, phone, "/auth/register"), 409, "user.phone_taken");
}

static void onboarding_goes_forward_only(void **state)
{
    (void)state;
    struct person p;
    person_register(&p);
    struct answer *a = expect_problem(put(p.token, person_profile("patient"), "/auth/profile"), 403, "onboarding.role_first");
    assert_string_equal(answer_text(a, "next_step"), "select_role");
    assert_string_equal(answer_text(a, "fields.0"), "role");
    expect_fault(post(p.token, json_pack("{s:s}", "role", "admin"), "/auth/role"), "/role", "choice");
    a = expect(post(p.token, json_pack("{s:s}", "role", "patient"), "/auth/role"), 200);
    assert_string_equal(answer_text(a, "status"), "role_selected");
    assert_string_equal(answer_text(a, "next_step"), "complete_profile");
    a = expect_problem(post(p.token, json_pack("{s:s}", "role", "doctor"), "/auth/role"), 409, "onboarding.role_once");
    assert_string_equal(answer_text(a, "next_step"), "complete_profile");
    a = expect(put(p.token, person_profile("patient"), "/auth/profile"), 200);
    assert_string_equal(answer_text(a, "status"), "active");
    assert_true(json_is_null(answer_at(a, "next_step")));
    assert_string_equal(answer_text(a, "profile.meal_times.morning"), "07:00");
    expect_problem(post(p.token, json_pack("{s:s}", "role", "patient"), "/auth/role"), 409, "onboarding.role_once");
}

static void onboarding_refusals_say_what_is_wanted(void **state)
{
    (void)state;
    struct person p;
    person_register(&p);
    struct answer *a = expect_problem(get(p.token, "/prescriptions"), 403, "onboarding.incomplete");
    assert_string_equal(answer_text(a, "next_step"), "select_role");
    assert_string_equal(answer_text(a, "fields.0"), "role");
    expect(post(p.token, json_pack("{s:s}", "role", "patient"), "/auth/role"), 200);
    a = expect_problem(get(p.token, "/prescriptions"), 403, "onboarding.incomplete");
    assert_string_equal(answer_text(a, "next_step"), "complete_profile");
    assert_string_equal(answer_text(a, "fields.0"), "date_of_birth");
}

static bool names(const struct answer *a, const char *list, const char *name)
{
    size_t i;
    json_t *item;
    json_array_foreach(answer_at(a, list), i, item)
        if (strcmp(json_string_value(item), name) == 0)
            return true;
    return false;
}

/* Begun, a profile keeps what was given, and every refusal names the rest. */
static void an_unfinished_profile_rests_at_profile_pending(void **state)
{
    (void)state;
    struct person p;
    person_register(&p);
    expect_problem(patch(p.token, json_pack("{s:s}", "hospital_name", "Calmette"), "/auth/profile"), 403, "onboarding.role_first");
    expect(post(p.token, json_pack("{s:s}", "role", "doctor"), "/auth/role"), 200);
    struct answer *a = expect_problem(get(p.token, "/prescriptions"), 403, "onboarding.incomplete");
    assert_int_equal(answer_count(a, "required"), 4);
    expect_fault(patch(p.token, json_pack("{s:s}", "date_of_birth", "1980-01-01"), "/auth/profile"), "/date_of_birth", "unknown");
    assert_string_equal(answer_text(get(p.token, "/auth/me"), "status"), "role_selected");
    a = expect(patch(p.token, json_pack("{s:s, s:i}", "hospital_name", "Calmette", "years_of_experience", 7), "/auth/profile"), 200);
    assert_string_equal(answer_text(a, "status"), "profile_pending");
    assert_string_equal(answer_text(a, "next_step"), "complete_profile");
    assert_string_equal(answer_text(a, "profile.hospital_name"), "Calmette");
    assert_true(json_is_null(answer_at(a, "profile.license_number")));
    static const char *const paths[] = {"/prescriptions", "/doses/today", "/adherence", "/reports"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        a = expect_problem(get(p.token, "%s", paths[i]), 403, "onboarding.incomplete");
        assert_string_equal(answer_text(a, "next_step"), "complete_profile");
        assert_int_equal(answer_count(a, "fields"), 2);
        assert_true(names(a, "required", "license_number") && names(a, "required", "specialization"));
    }
    expect_problem(post(p.token, json_pack("{s:s}", "role", "patient"), "/auth/role"), 409, "onboarding.role_once");
    expect_fault(put(p.token, json_pack("{s:s}", "hospital_name", "Calmette"), "/auth/profile"), "/license_number", "required");
    assert_string_equal(answer_text(get(p.token, "/auth/me"), "status"), "profile_pending");
    char license[37];
    snprintf(license, sizeof license, "%s", nobody_id());
    a = expect(patch(p.token, json_pack("{s:s, s:s}", "license_number", license, "specialization", "cardiology"), "/auth/profile"), 200);
    assert_string_equal(answer_text(a, "status"), "active");
    assert_true(json_is_null(answer_at(a, "next_step")));
    assert_int_equal((int)answer_number(a, "profile.years_of_experience"), 7);
    assert_string_equal(answer_text(a, "profile.verification_status"), "pending");
    assert_int_equal(owner_count("SELECT count(*) FROM profile_drafts WHERE user_id = $1::uuid", p.id, NULL), 0);
}

/* On a complete account it changes what it names, and nothing takes the account back. */
static void parts_of_a_profile_are_changed(void **state)
{
    (void)state;
    struct person p;
    char etag[80];
    person_register(&p);
    expect(post(p.token, json_pack("{s:s}", "role", "patient"), "/auth/role"), 200);
    struct answer *a = expect(patch(p.token, json_pack("{s:[s], s:{s:s}}", "allergies", "penicillin", "meal_times", "noon", "12:30"), "/auth/profile"), 200);
    assert_string_equal(answer_text(a, "status"), "profile_pending");
    a = expect(patch(p.token, json_pack("{s:s, s:{s:s}}", "date_of_birth", "1961-04-14", "meal_times", "morning", "06:30"), "/auth/profile"), 200);
    assert_string_equal(answer_text(a, "status"), "active");
    assert_string_equal(answer_text(a, "profile.allergies.0"), "penicillin");
    assert_string_equal(answer_text(a, "profile.meal_times.noon"), "12:30");
    assert_string_equal(answer_text(a, "profile.meal_times.morning"), "06:30");
    snprintf(etag, sizeof etag, "If-Match: %s", answer_header(get(p.token, "/auth/me"), "ETag"));
    a = expect(patch(p.token, json_pack("{s:s, s:n}", "blood_type", "O+", "gender"), "/auth/profile"), 200);
    assert_string_equal(answer_text(a, "status"), "active");
    assert_string_equal(answer_text(a, "profile.date_of_birth"), "1961-04-14");
    assert_string_equal(answer_text(a, "profile.blood_type"), "O+");
    const struct call stale = {.method = "PATCH", .path = "/auth/profile", .token = p.token, .json = json_pack("{s:s}", "blood_type", "A+"),
                               .headers = (const char *const[]){etag, NULL}};
    expect_problem(client_call(&stale), 412, "precondition.failed");
    expect_problem(patch(p.token, json_pack("{s:s}", "date_of_birth", "2190-01-01"), "/auth/profile"), 422, "profile.birth_in_future");
}

static void a_profile_is_replaced_as_it_was_read(void **state)
{
    (void)state;
    static const char *const roles[] = {"patient", "doctor", "family_member"};
    for (size_t i = 0; i < sizeof roles / sizeof roles[0]; i++) {
        struct person p;
        char match[128];
        person_new(&p, roles[i]);
        snprintf(match, sizeof match, "If-Match: %s", answer_header(get(p.token, "/auth/me"), "ETag"));
        const char *const unchanged[] = {match, NULL}, *const any[] = {"If-Match: *", NULL};
        struct call replace = {.method = "PUT", .path = "/auth/profile", .token = p.token, .headers = unchanged};
        replace.json = person_profile(roles[i]);
        struct answer *a = expect(client_call(&replace), 200);
        assert_string_not_equal(answer_header(a, "ETag"), match + strlen("If-Match: "));
        replace.json = person_profile(roles[i]);
        expect_problem(client_call(&replace), 412, "precondition.failed");
        replace.headers = any;
        replace.json = person_profile(roles[i]);
        expect(client_call(&replace), 200);
        expect(put(p.token, person_profile(roles[i]), "/auth/profile"), 200);
    }
}

static void profiles_belong_to_roles(void **state)
{
    (void)state;
    struct person doctor, relative;
    person_register(&doctor);
    expect(post(doctor.token, json_pack("{s:s}", "role", "doctor"), "/auth/role"), 200);
    struct answer *a = put(doctor.token, person_profile("patient"), "/auth/profile");
    expect_fault(a, "/date_of_birth", "unknown");
    expect_fault(a, "/license_number", "required");
    json_t *with_verified = person_profile("doctor");
    json_object_set_new(with_verified, "verified", json_true());
    expect_fault(put(doctor.token, with_verified, "/auth/profile"), "/verified", "unknown");
    a = expect(put(doctor.token, person_profile("doctor"), "/auth/profile"), 200);
    assert_false(answer_true(a, "profile.verified"));
    person_new(&relative, "family_member");
    a = expect(get(relative.token, "/auth/me"), 200);
    assert_string_equal(answer_text(a, "profile.relationship"), "daughter");
}

static void patient_profile_is_checked(void **state)
{
    (void)state;
    struct person p;
    person_register(&p);
    expect(post(p.token, json_pack("{s:s}", "role", "patient"), "/auth/role"), 200);
    expect_fault(put(p.token, json_pack("{s:s}", "date_of_birth", "1980-02-30"), "/auth/profile"), "/date_of_birth", "format");
    expect_problem(put(p.token, json_pack("{s:s}", "date_of_birth", "2199-01-01"), "/auth/profile"), 422, "profile.birth_in_future");
    expect_fault(put(p.token, json_pack("{s:s, s:s}", "date_of_birth", "1980-02-03", "blood_type", "C+"), "/auth/profile"),
                 "/blood_type", "choice");
    expect_fault(put(p.token, json_pack("{s:s, s:[i]}", "date_of_birth", "1980-02-03", "allergies", 4), "/auth/profile"),
                 "/allergies/0", "type");
    expect_problem(put(p.token, json_pack("{s:s, s:{s:s}}", "date_of_birth", "1980-02-03", "meal_times", "morning", "23:00"),
                       "/auth/profile"), 422, "profile.meal_order");
    assert_int_equal(owner_count("SELECT count(*) FROM patient_profiles WHERE user_id = $1::uuid", p.id, NULL), 0);
    json_t *whole = json_pack("{s:s, s:s, s:s, s:[s], s:[], s:{s:s, s:s}, s:{s:s}}", "date_of_birth", "1980-02-03", "gender",
                              "female", "blood_type", "O-", "allergies", "penicillin", "conditions", "emergency_contact", "name",
                              "Sok", "phone", "012 345-678", "meal_times", "morning", "06:30");
    struct answer *a = expect(put(p.token, whole, "/auth/profile"), 200);
    assert_string_equal(answer_text(a, "profile.allergies.0"), "penicillin");
    assert_string_equal(answer_text(a, "profile.emergency_contact.name"), "Sok");
    assert_string_equal(answer_text(a, "profile.meal_times.morning"), "06:30");
}

static void me_changes_what_was_sent(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    struct answer *a = expect(patch(p.token, json_pack("{s:s, s:s}", "first_name", "Sokha", "timezone", "Europe/Paris"), "/auth/me"), 200);
    assert_string_equal(answer_text(a, "first_name"), "Sokha");
    assert_string_equal(answer_text(a, "last_name"), "Dara");
    assert_string_equal(answer_text(a, "timezone"), "Europe/Paris");
    expect_problem(patch(p.token, json_pack("{s:s}", "timezone", "CET-1"), "/auth/me"), 422, "user.timezone");
    static const char *const forbidden[] = {"id", "email", "role", "status", "subscription_tier", "email_verified", "is_active",
                                            "password_hash", "created_at"};
    for (size_t i = 0; i < sizeof forbidden / sizeof forbidden[0]; i++) {
        char pointer[64];
        snprintf(pointer, sizeof pointer, "/%s", forbidden[i]);
        expect_fault(patch(p.token, json_pack("{s:s}", forbidden[i], "x"), "/auth/me"), pointer, "unknown");
    }
    a = expect(get(p.token, "/auth/me"), 200);
    assert_string_equal(answer_text(a, "timezone"), "Europe/Paris");
}

/* {} in a kind that there is not would otherwise pass unseen. */
static void unknown_preferences_are_named(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    json_t *chosen = json_pack("{s:{s:{s:b}, s:{}, s:{s:b, s:s}, s:b, s:{}}}", "notification_preferences", "dose.due", "push", 0, "dose.none",
                               "dose.missed", "fax", 1, "email", "yes", "family.request", 1, "a/b~c");
    struct answer *a = patch(p.token, chosen, "/auth/me");
    expect_fault(a, "/notification_preferences/dose.none", "unknown");
    expect_fault(a, "/notification_preferences/a~1b~0c", "unknown");
    expect_fault(a, "/notification_preferences/dose.missed/fax", "unknown");
    expect_fault(a, "/notification_preferences/dose.missed/email", "type");
    expect_fault(a, "/notification_preferences/family.request", "type");
    assert_int_equal(answer_count(a, "errors"), 5);
    assert_int_equal(json_object_size(answer_at(get(p.token, "/auth/me"), "notification_preferences")), 0);
    a = expect(patch(p.token, json_pack("{s:{s:{s:b}}}", "notification_preferences", "dose.due", "push", 0), "/auth/me"), 200);
    assert_int_equal(json_object_size(answer_at(a, "notification_preferences")), 1);
}

static void me_honours_etags(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    char match[128], none_match[128];
    const char *etag = answer_header(expect(get(p.token, "/auth/me"), 200), "ETag");
    snprintf(match, sizeof match, "If-Match: %s", etag);
    snprintf(none_match, sizeof none_match, "If-None-Match: %s", etag);
    const char *const not_modified[] = {none_match, NULL}, *const unchanged[] = {match, NULL};
    expect(client_call(&(struct call){.path = "/auth/me", .token = p.token, .headers = not_modified}), 304);
    struct call change = {.method = "PATCH", .path = "/auth/me", .token = p.token, .headers = unchanged};
    change.json = json_pack("{s:s}", "first_name", "One");
    expect(client_call(&change), 200);
    change.json = json_pack("{s:s}", "first_name", "Two");
    expect_problem(client_call(&change), 412, "precondition.failed");
    assert_string_equal(answer_text(get(p.token, "/auth/me"), "first_name"), "One");
}

/* Nothing of theirs stays that could bear a time. */
static void preferences_taken_back_change_the_etag(void **state)
{
    (void)state;
    struct person p;
    char match[128];
    person_new(&p, "patient");
    json_t *chosen = json_pack("{s:[{s:s, s:{s:b}}]}", "items", "type", "dose.due", "channels", "push", 0);
    expect(put(p.token, chosen, "/notifications/preferences"), 200);
    expect(put(p.token, person_profile("patient"), "/auth/profile"), 200);
    snprintf(match, sizeof match, "If-None-Match: %s", answer_header(get(p.token, "/auth/me"), "ETag"));
    expect(put(p.token, json_pack("{s:[]}", "items"), "/notifications/preferences"), 200);
    const struct call known = {.path = "/auth/me", .token = p.token, .headers = (const char *const[]){match, NULL}};
    assert_int_equal(json_object_size(answer_at(expect(client_call(&known), 200), "notification_preferences")), 0);
}

static void a_repeated_choice_is_answered_again(void **state)
{
    (void)state;
    struct person p;
    person_register(&p);
    const char *const key = "role-once";
    struct answer *a = expect(post_once(p.token, key, json_pack("{s:s}", "role", "patient"), "/auth/role"), 200);
    struct answer *b = expect(post_once(p.token, key, json_pack("{s:s}", "role", "patient"), "/auth/role"), 200);
    assert_true(json_equal(a->json, b->json));
    assert_string_equal(answer_header(b, "Idempotent-Replayed"), "true");
    expect_problem(post_once(p.token, key, json_pack("{s:s}", "role", "doctor"), "/auth/role"), 422, "idempotency.mismatch");
}

/* The header wins over the account's own language, before and after the session is known. */
static void refusals_speak_the_accounts_language(void **state)
{
    (void)state;
    static const char *const english[] = {"Accept-Language: en", NULL};
    static const char french[] = "Introuvable";
    struct person p;
    person_new(&p, "patient");
    expect(patch(p.token, json_pack("{s:s}", "language", "fr"), "/auth/me"), 200);
    const char *unknown = "/auth/sessions/00000000-0000-7000-8000-000000000000";
    struct answer *a = expect(delete_(p.token, "%s", unknown), 404);
    assert_string_equal(answer_text(a, "title"), french);
    a = expect(client_call(&(struct call){.method = "DELETE", .path = unknown, .token = p.token, .headers = english}), 404);
    assert_string_equal(answer_text(a, "title"), "Not found");
    a = expect(patch(p.token, json_pack("{s:i}", "language", 7), "/auth/me"), 422); /* refused before its statement */
    assert_string_not_equal(answer_text(a, "title"), "Invalid input");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(register_answers_user_and_tokens, owner_forgive),
        cmocka_unit_test_setup(register_refuses_bad_fields, owner_forgive),
        cmocka_unit_test_setup(register_refuses_bad_bodies, owner_forgive),
        cmocka_unit_test_setup(register_refuses_easy_passwords, owner_forgive),
        cmocka_unit_test_setup(an_address_is_taken_once, owner_forgive),
        cmocka_unit_test_setup(onboarding_goes_forward_only, owner_forgive),
        cmocka_unit_test_setup(onboarding_refusals_say_what_is_wanted, owner_forgive),
        cmocka_unit_test_setup(an_unfinished_profile_rests_at_profile_pending, owner_forgive),
        cmocka_unit_test_setup(parts_of_a_profile_are_changed, owner_forgive),
        cmocka_unit_test_setup(a_profile_is_replaced_as_it_was_read, owner_forgive),
        cmocka_unit_test_setup(profiles_belong_to_roles, owner_forgive),
        cmocka_unit_test_setup(patient_profile_is_checked, owner_forgive),
        cmocka_unit_test_setup(me_changes_what_was_sent, owner_forgive),
        cmocka_unit_test_setup(unknown_preferences_are_named, owner_forgive),
        cmocka_unit_test_setup(me_honours_etags, owner_forgive),
        cmocka_unit_test_setup(preferences_taken_back_change_the_etag, owner_forgive),
        cmocka_unit_test_setup(refusals_speak_the_accounts_language, owner_forgive),
        cmocka_unit_test_setup(a_repeated_choice_is_answered_again, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: accounts", tests, NULL, NULL);
}
