/* Invitations, connections and links: what is refused, who sees what, and that a right taken back is gone at once. */
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

#include "course.h"
#include "cut.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

#define THREADS 6

static struct person patient, stranger, relative, other;

static int make_people(void **state)
{
    (void)state;
    owner_sql("DELETE FROM sign_in_throttle WHERE scope LIKE 'invitation%'", NULL);
    person_new(&patient, "patient");
    person_new(&stranger, "patient");
    person_new(&relative, "family_member");
    person_new(&other, "family_member");
    return 0;
}

/* An invitation of the patient; writes its code (9 bytes) and id when wanted. */
static void invite(const struct person *by, char code[9], char id[37])
{
    struct answer *a = expect(post(by->token, json_pack("{s:s}", "relationship", "son"), "/family/invitations"), 201);
    snprintf(code, 9, "%s", answer_text(a, "code"));
    if (id)
        snprintf(id, 37, "%s", answer_text(a, "id"));
}

static struct answer *try_code(const struct person *who, const char *code)
{
    return post(who->token, json_pack("{s:s}", "code", code), "/family/connect");
}

/* --- invitations ------------------------------------------------------------------------------------------------ */

static void bad_invitations_are_refused(void **state)
{
    (void)state;
    static const struct { const char *body, *pointer, *code; } cases[] = {
        {"{}", "/relationship", "required"},
        {"{\"relationship\": \"\"}", "/relationship", "length"},
        {"{\"relationship\": \"son\", \"permissions\": {\"view_everything\": true}}", "/permissions/view_everything", "unknown"},
        {"{\"relationship\": \"son\", \"permissions\": {\"log_doses\": \"true\"}}", "/permissions/log_doses", "type"},
        {"{\"relationship\": \"son\", \"permissions\": {\"log_doses\": 1}}", "/permissions/log_doses", "type"},
        {"{\"relationship\": \"son\", \"permissions\": {\"log_doses\": null}}", "/permissions/log_doses", "type"},
        {"{\"relationship\": \"son\", \"permissions\": []}", "/permissions", "type"},
        {"{\"relationship\": \"son\", \"expires_in_hours\": 0}", "/expires_in_hours", "min"},
        {"{\"relationship\": \"son\", \"expires_in_hours\": 169}", "/expires_in_hours", "max"},
        {"{\"relationship\": \"son\", \"code\": \"AAAABBBB\"}", "/code", "unknown"},
        {"{\"relationship\": \"son\", \"patient_id\": \"00000000-0000-4000-8000-000000000000\"}", "/patient_id", "unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        expect_fault(post_raw(patient.token, "/family/invitations", cases[i].body, strlen(cases[i].body)), cases[i].pointer, cases[i].code);
    expect_problem(post(relative.token, json_pack("{s:s}", "relationship", "son"), "/family/invitations"), 403, "auth.role_not_allowed");
    expect_problem(post(NULL, json_pack("{s:s}", "relationship", "son"), "/family/invitations"), 401, "auth.token_missing");
    assert_int_equal(owner_count("SELECT count(*) FROM family_invitations WHERE patient_id = $1::uuid", patient.id, NULL), 0);
}

static void a_code_is_shown_once_and_not_stored(void **state)
{
    (void)state;
    struct answer *a = expect(post(patient.token, json_pack("{s:s, s:{s:b}}", "relationship", "son", "permissions",
        "log_doses", 1), "/family/invitations"), 201);
    char code[16];
    snprintf(code, sizeof code, "%s", answer_text(a, "code"));
    assert_int_equal(strspn(code, "23456789ABCDEFGHJKMNPQRSTUVWXYZ"), 8);
    assert_int_equal(strlen(code), 8);
    assert_int_equal(strncmp(answer_text(a, "qr_svg_url"), "data:image/svg+xml,", 19), 0);
    assert_true(answer_true(a, "permissions.log_doses"));
    assert_true(answer_true(a, "permissions.view_reminders"));
    assert_false(answer_true(a, "permissions.view_prescriptions"));
    a = expect(get(patient.token, "/family/invitations"), 200);
    assert_null(strstr(a->body, code));
    assert_int_equal(owner_count("SELECT count(*) FROM family_invitations i WHERE i::text LIKE '%' || $1 || '%'"
                                 " OR i.code_hash = sha256(convert_to($1, 'UTF8'))", code, NULL), 0);
    assert_int_equal(answer_count(expect(get(stranger.token, "/family/invitations"), 200), "items"), 0);
}

/* With an Idempotency-Key the answer is kept for a day, but not so that the database would tell the code. */
static void a_repeated_invitation_tells_its_code_again(void **state)
{
    (void)state;
    char key[37], code[9];
    snprintf(key, sizeof key, "%s", nobody_id());
    struct answer *a = expect(post_once(patient.token, key, json_pack("{s:s}", "relationship", "son"), "/family/invitations"), 201);
    snprintf(code, sizeof code, "%s", answer_text(a, "code"));
    struct answer *again = expect(post_once(patient.token, key, json_pack("{s:s}", "relationship", "son"), "/family/invitations"), 201);
    assert_string_equal(again->body, a->body);
    assert_string_equal(answer_header(again, "Idempotent-Replayed"), "true");
    assert_int_equal(owner_count("SELECT count(*) FROM idempotency_keys WHERE key = $1 AND body IS NOT NULL", key, NULL), 1);
    assert_int_equal(owner_count("SELECT count(*) FROM idempotency_keys k WHERE k::text LIKE '%' || $1 || '%'", code, NULL), 0);
}

static void open_invitations_are_limited(void **state)
{
    (void)state;
    struct person p;
    char code[9], id[37];
    person_new(&p, "patient");
    for (int i = 0; i < 20; i++)
        invite(&p, code, id);
    expect_problem(post(p.token, json_pack("{s:s}", "relationship", "son"), "/family/invitations"), 409, "invitation.too_many_open");
    expect(delete_(p.token, "/family/invitations/%s", id), 204);
    expect(delete_(p.token, "/family/invitations/%s", id), 204); /* the same again changes nothing */
    invite(&p, code, NULL);
}

static void only_ones_own_invitation_is_taken_back(void **state)
{
    (void)state;
    char code[9], id[37];
    invite(&patient, code, id);
    expect_same_refusal(delete_(stranger.token, "/family/invitations/%s", id), delete_(stranger.token, "/family/invitations/%s", nobody_id()));
    expect(delete_(patient.token, "/family/invitations/%s", id), 204);
    expect_problem(try_code(&relative, code), 404, "invitation.not_found");
}

/* --- codes ------------------------------------------------------------------------------------------------------ */

static void wrong_codes_are_alike_and_count(void **state)
{
    (void)state;
    struct person guesser;
    char code[9], expired[9], id[37];
    person_new(&guesser, "family_member");
    invite(&patient, code, NULL);
    invite(&patient, expired, id);
    owner_sql("UPDATE family_invitations SET created_at = now() - interval '2 days', expires_at = now() - interval '1 second' WHERE id = $1::uuid", id, NULL);
    expect_fault(try_code(&guesser, "AAAA"), "/code", "length");
    expect_fault(try_code(&guesser, "AAAABBB0"), "/code", "format");
    expect_problem(post(patient.token, json_pack("{s:s}", "code", code), "/family/connect"), 403, "auth.role_not_allowed");
    struct answer *unknown = expect_problem(try_code(&guesser, "AAAABBBB"), 404, "invitation.not_found");
    expect_same_refusal(try_code(&guesser, expired), unknown);
    /* with an Idempotency-Key a wrong guess counts all the same */
    json_t *wrong = json_pack("{s:s}", "code", "CCCCDDDD");
    expect_problem(post_once(guesser.token, nobody_id(), wrong, "/family/connect"), 404, "invitation.not_found");
    expect_problem(try_code(&guesser, "AAAABBBC"), 404, "invitation.not_found");
    expect_problem(try_code(&guesser, "AAAABBBD"), 404, "invitation.not_found"); /* the fifth */
    struct answer *a = expect_problem(try_code(&guesser, code), 429, "invitation.too_many_guesses"); /* though it is right */
    assert_non_null(answer_header(a, "Retry-After"));
    assert_int_equal(owner_count("SELECT count(*) FROM family_connection_requests WHERE family_member_id = $1::uuid", guesser.id, NULL), 0);
}

/* Whichever connection breaks in the middle; afterwards it is the one relative's who used it. */
static void a_code_is_used_wholly_or_not_at_all(void **state)
{
    (void)state;
    char code[9], id[37], body[64];
    struct person claimant;
    person_new(&claimant, "family_member");
    invite(&patient, code, id);
    const struct cut cut = {.role = "dastern_family", .hold = "SELECT FROM family_invitations WHERE id = $1 FOR UPDATE", .id = id};
    const struct call call = {.method = "POST", .path = "/family/connect", .token = claimant.token, .json = json_pack("{s:s}", "code", code)};
    expect_problem(cut_from_database(&cut, &call), 503, "database.unavailable");
    assert_int_equal(owner_count("SELECT count(*) FROM family_connection_requests WHERE invitation_id = $1::uuid", id, NULL), 0);
    snprintf(body, sizeof body, "{\"code\":\"%s\"}", code);
    cut_from_client(&cut, claimant.token, "/family/connect", body);
    assert_int_equal(owner_count("SELECT count(*) FROM family_connection_requests WHERE invitation_id = $1::uuid", id, NULL), 1);
    expect(try_code(&claimant, code), 202);
    expect_problem(try_code(&relative, code), 404, "invitation.not_found");
    assert_int_equal(owner_count("SELECT count(*) FROM family_connection_requests WHERE invitation_id = $1::uuid", id, NULL), 1);
}

static void a_code_is_read_as_people_type_it(void **state)
{
    (void)state;
    struct person p;
    char code[9], typed[16];
    person_new(&p, "patient");
    invite(&p, code, NULL);
    for (char *c = code; *c; c++)
        *c = (char)(*c >= 'A' ? *c + 'a' - 'A' : *c);
    snprintf(typed, sizeof typed, " %.4s-%s", code, code + 4);
    struct answer *a = expect(try_code(&other, typed), 202);
    assert_string_equal(answer_text(a, "status"), "pending");
    assert_null(strstr(a->body, p.id)); /* nothing of the patient before they approve */
    struct answer *again = expect(try_code(&other, typed), 202);
    assert_string_equal(answer_text(again, "id"), answer_text(a, "id"));
}

struct attempt {
    struct person who;
    char code[9];
};

static void *connect_now(void *attempt)
{
    return try_code(&((struct attempt *)attempt)->who, ((struct attempt *)attempt)->code);
}

static void one_of_many_gets_the_code(void **state)
{
    (void)state;
    static struct attempt attempts[THREADS];
    pthread_t threads[THREADS];
    char code[9], id[37];
    int won = 0, lost = 0;
    invite(&patient, code, id);
    for (int i = 0; i < THREADS; i++) {
        person_new(&attempts[i].who, "family_member");
        memcpy(attempts[i].code, code, sizeof code);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, connect_now, &attempts[i]);
    for (int i = 0; i < THREADS; i++) {
        void *answer;
        pthread_join(threads[i], &answer);
        won += ((struct answer *)answer)->status == 202;
        lost += ((struct answer *)answer)->status == 404;
    }
    assert_int_equal(won, 1);
    assert_int_equal(lost, THREADS - 1);
    assert_int_equal(owner_count("SELECT count(*) FROM family_connection_requests WHERE invitation_id = $1::uuid", id, NULL), 1);
}

/* --- deciding --------------------------------------------------------------------------------------------------- */

/* A request of a fresh relative to the patient. */
static void request_new(const struct person *to, struct person *from, char request[37])
{
    char code[9];
    person_new(from, "family_member");
    invite(to, code, NULL);
    snprintf(request, 37, "%s", answer_text(expect(try_code(from, code), 202), "id"));
}

static void only_the_patient_decides(void **state)
{
    (void)state;
    struct person asks;
    char request[37];
    request_new(&patient, &asks, request);
    expect_problem(post(asks.token, json_object(), "/family/requests/%s/approve", request), 403, "auth.role_not_allowed");
    expect_same_refusal(post(stranger.token, json_object(), "/family/requests/%s/approve", request),
                        post(stranger.token, json_object(), "/family/requests/%s/approve", nobody_id()));
    expect_same_refusal(post(stranger.token, json_object(), "/family/requests/%s/reject", request),
                        post(stranger.token, json_object(), "/family/requests/%s/reject", nobody_id()));
    expect_fault(post(patient.token, json_pack("{s:{s:s}}", "permissions", "log_doses", "yes"), "/family/requests/%s/approve", request),
                 "/permissions/log_doses", "type");
    expect_problem(get(asks.token, "/family/patients/%s/today", patient.id), 404, "not_found"); /* pending is not active */
    assert_int_equal(answer_count(expect(get(asks.token, "/family/patients"), 200), "items"), 0);
    struct answer *a = expect(post(patient.token, json_pack("{s:s}", "reason", "who is this?"), "/family/requests/%s/reject", request), 200);
    assert_string_equal(answer_text(a, "status"), "rejected");
    a = expect_problem(post(patient.token, json_object(), "/family/requests/%s/approve", request), 409, "connection.not_pending");
    assert_string_equal(answer_text(a, "current_status"), "rejected");
    a = expect(get(asks.token, "/family/requests"), 200);
    assert_string_equal(answer_text(a, "items.0.reason"), "who is this?");
    assert_int_equal(answer_count(expect(get(patient.token, "/family/requests?status=approved"), 200), "items"), 0);
    assert_int_equal(owner_count("SELECT count(*) FROM family_relationships WHERE family_member_id = $1::uuid", asks.id, NULL), 0);
}

static char shared_request[37];

static void *approve_now(void *unused)
{
    (void)unused;
    return post(patient.token, NULL, "/family/requests/%s/approve", shared_request);
}

static void approvals_at_once_make_one_link(void **state)
{
    (void)state;
    struct person asks;
    pthread_t threads[THREADS];
    int made = 0;
    request_new(&patient, &asks, shared_request);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, approve_now, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *answer;
        pthread_join(threads[i], &answer);
        made += ((struct answer *)answer)->status == 200;
    }
    assert_int_equal(made, 1);
    assert_int_equal(owner_count("SELECT count(*) FROM family_relationships WHERE family_member_id = $1::uuid", asks.id, NULL), 1);
}

/* --- links ------------------------------------------------------------------------------------------------------ */

static void a_right_taken_back_is_gone_at_once(void **state)
{
    (void)state;
    struct person member;
    char link[37], medication[37], dose[37];
    person_new(&member, "family_member");
    person_link(&patient, &member, json_pack("{s:b}", "log_doses", 1), link);
    dose_of(&patient, medication, dose);
    expect(get(member.token, "/family/patients/%s/today", patient.id), 200);
    expect(get(member.token, "/doses/%s", dose), 200);
    struct answer *a = expect(patch(patient.token, json_pack("{s:{s:b}}", "permissions", "view_reminders", 0), "/family/members/%s", link), 200);
    assert_true(answer_true(a, "permissions.log_doses")); /* what is left out stays */
    expect_same_refusal(get(member.token, "/family/patients/%s/today", patient.id), get(member.token, "/family/patients/%s/today", nobody_id()));
    expect_same_refusal(get(member.token, "/doses/%s", dose), get(member.token, "/doses/%s", nobody_id()));
    expect(post(member.token, NULL, "/doses/%s/take", dose), 200);
    expect(patch(patient.token, json_pack("{s:{s:b}}", "permissions", "view_reminders", 1), "/family/members/%s", link), 200);
    expect(get(member.token, "/family/patients/%s/today", patient.id), 200);
    expect(delete_(patient.token, "/family/members/%s", link), 204);
    expect_same_refusal(get(member.token, "/family/patients/%s/today", patient.id), get(member.token, "/family/patients/%s/today", nobody_id()));
    expect_same_refusal(post(member.token, NULL, "/doses/%s/undo", dose), post(member.token, NULL, "/doses/%s/undo", nobody_id()));
    assert_int_equal(answer_count(expect(get(member.token, "/family/patients"), 200), "items"), 0);
    expect_problem(delete_(patient.token, "/family/members/%s", link), 404, "not_found");
    expect_problem(patch(patient.token, json_object(), "/family/members/%s", link), 404, "not_found");
}

static void hidden_medicines_do_not_appear(void **state)
{
    (void)state;
    struct person member;
    char link[37], shown[37], shown_dose[37], hidden[37], hidden_dose[37], reminder[37], theirs[37];
    person_new(&member, "family_member");
    person_link(&patient, &member, json_pack("{s:b, s:b}", "log_doses", 1, "manage_reminders", 1), link);
    dose_of(&patient, shown, shown_dose);
    dose_of(&patient, hidden, hidden_dose);
    snprintf(reminder, sizeof reminder, "%s", owner_sql("SELECT id FROM medication_reminders WHERE medication_id = $1::uuid", hidden, NULL));
    medicine_new(&stranger, false, theirs);
    expect_problem(patch(patient.token, json_pack("{s:[s]}", "hidden_medication_ids", theirs), "/family/members/%s",
        link), 422, "family.hidden_medication_unknown");
    expect_fault(patch(patient.token, json_pack("{s:[s]}", "hidden_medication_ids", "all"), "/family/members/%s", link), "/hidden_medication_ids/0", "format");
    expect(patch(patient.token, json_pack("{s:[s]}", "hidden_medication_ids", hidden), "/family/members/%s", link), 200);
    const char *const lists[] = {"/doses?patient_id=%s", "/doses/today?patient_id=%s", "/reminders?patient_id=%s", "/adherence?patient_id=%s&by=medication"};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char path[120];
        snprintf(path, sizeof path, "%.*s%s%s", (int)(strchr(lists[i], '%') - lists[i]), lists[i], patient.id, strchr(lists[i], '%') + 2);
        assert_null(strstr(expect(get(member.token, "%s", path), 200)->body, hidden));
    }
    assert_null(strstr(expect(get(member.token, "/family/patients/%s/today", patient.id), 200)->body, hidden));
    expect_same_refusal(get(member.token, "/doses/%s", hidden_dose), get(member.token, "/doses/%s", nobody_id()));
    expect_same_refusal(get(member.token, "/reminders/%s", reminder), get(member.token, "/reminders/%s", nobody_id()));
    expect_same_refusal(post(member.token, NULL, "/doses/%s/take", hidden_dose), post(member.token, NULL, "/doses/%s/take", nobody_id()));
    expect_same_refusal(delete_(member.token, "/reminders/%s", reminder), delete_(member.token, "/reminders/%s", nobody_id()));
    expect_same_refusal(post(member.token, json_pack("{s:s}", "dose_id", hidden_dose), "/family/patients/%s/nudge", patient.id),
                        post(member.token, json_pack("{s:s}", "dose_id", nobody_id()), "/family/patients/%s/nudge", patient.id));
    expect(post(member.token, NULL, "/doses/%s/take", shown_dose), 200);
}

static void a_link_ends_by_itself(void **state)
{
    (void)state;
    struct person member;
    char link[37];
    person_new(&member, "family_member");
    person_link(&patient, &member, NULL, link);
    expect_problem(patch(patient.token, json_pack("{s:s}", "expires_at", "2001-01-01T00:00:00Z"), "/family/members/%s", link), 422, "family.expires_in_past");
    struct answer *a = expect(patch(patient.token, json_pack("{s:s}", "expires_at", "2099-01-01T00:00:00+07:00"), "/family/members/%s", link), 200);
    assert_string_equal(answer_text(a, "expires_at"), "2098-12-31T17:00:00Z");
    a = expect(patch(patient.token, json_pack("{s:n}", "expires_at"), "/family/members/%s", link), 200);
    assert_true(json_is_null(answer_at(a, "expires_at")));
    expect(get(member.token, "/family/patients/%s/today", patient.id), 200);
    owner_sql("UPDATE family_relationships SET expires_at = now() WHERE id = $1::uuid", link, NULL);
    expect_problem(get(member.token, "/family/patients/%s/today", patient.id), 404, "not_found");
}

static void each_end_ends_only_its_own_links(void **state)
{
    (void)state;
    struct person member;
    char link[37];
    person_new(&member, "family_member");
    person_link(&patient, &member, NULL, link);
    expect_same_refusal(delete_(stranger.token, "/family/members/%s", link), delete_(stranger.token, "/family/members/%s", nobody_id()));
    expect_same_refusal(patch(stranger.token, json_object(), "/family/members/%s", link), patch(stranger.token,
        json_object(), "/family/members/%s", nobody_id()));
    expect_same_refusal(delete_(other.token, "/family/patients/%s", link), delete_(other.token, "/family/patients/%s", nobody_id()));
    assert_null(strstr(expect(get(other.token, "/family/patients"), 200)->body, link));
    assert_null(strstr(expect(get(stranger.token, "/family/members"), 200)->body, link));
    expect_problem(delete_(member.token, "/family/members/%s", link), 403, "auth.role_not_allowed");
    expect(delete_(member.token, "/family/patients/%s", link), 204);
    assert_null(strstr(expect(get(patient.token, "/family/members"), 200)->body, link));
}

static void a_relative_follows_many_patients(void **state)
{
    (void)state;
    struct person member;
    char first[37], second[37], code[9];
    person_new(&member, "family_member");
    person_link(&patient, &member, NULL, first);
    person_link(&stranger, &member, NULL, second);
    assert_int_equal(answer_count(expect(get(member.token, "/family/patients"), 200), "items"), 2);
    invite(&patient, code, NULL);
    expect_problem(try_code(&member, code), 409, "family.already_connected");
    struct answer *a = expect(get(member.token, "/family/patients?limit=1"), 200);
    assert_string_equal(answer_text(a, "items.0.id"), second);
    a = expect(get(member.token, "/family/patients?limit=1&cursor=%s", answer_text(a, "next_cursor")), 200);
    assert_string_equal(answer_text(a, "items.0.id"), first);
    assert_true(json_is_null(answer_at(a, "next_cursor")));
}

static struct answer *nudge(const struct person *who, const struct person *whom, const char *dose)
{
    return post(who->token, json_pack("{s:s}", "dose_id", dose), "/family/patients/%s/nudge", whom->id);
}

static void a_nudge_comes_twice_at_most(void **state)
{
    (void)state;
    struct person member;
    char link[37], medication[37], reminder[37], dose[37], later[37];
    person_new(&member, "family_member");
    person_link(&patient, &member, NULL, link);
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    dose_new(reminder, -60, 7200, dose);
    dose_new(reminder, 3600, 7200, later);
    expect_problem(nudge(&member, &patient, later), 409, "nudge.not_due");
    expect_problem(nudge(&member, &stranger, dose), 404, "not_found");
    for (int left = 1; left >= 0; left--)
        assert_true(answer_number(expect(nudge(&member, &patient, dose), 201), "nudges_left") == left);
    expect_problem(nudge(&member, &patient, dose), 409, "nudge.enough");
    assert_int_equal(owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'family.nudge'"
                                 " AND data ->> 'dose_id' = $2", patient.id, dose, NULL), 2);
    expect(post(patient.token, NULL, "/doses/%s/take", dose), 200);
    expect_problem(nudge(&member, &patient, dose), 409, "dose.not_pending");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_invitations_are_refused),
        cmocka_unit_test(a_code_is_shown_once_and_not_stored),
        cmocka_unit_test(a_repeated_invitation_tells_its_code_again),
        cmocka_unit_test(open_invitations_are_limited),
        cmocka_unit_test(only_ones_own_invitation_is_taken_back),
        cmocka_unit_test(wrong_codes_are_alike_and_count),
        cmocka_unit_test(a_code_is_used_wholly_or_not_at_all),
        cmocka_unit_test(a_code_is_read_as_people_type_it),
        cmocka_unit_test(one_of_many_gets_the_code),
        cmocka_unit_test(only_the_patient_decides),
        cmocka_unit_test(approvals_at_once_make_one_link),
        cmocka_unit_test(a_right_taken_back_is_gone_at_once),
        cmocka_unit_test(hidden_medicines_do_not_appear),
        cmocka_unit_test(a_link_ends_by_itself),
        cmocka_unit_test(each_end_ends_only_its_own_links),
        cmocka_unit_test(a_relative_follows_many_patients),
        cmocka_unit_test(a_nudge_comes_twice_at_most),
    };
    return cmocka_run_group_tests_name("family", tests, make_people, NULL);
}
