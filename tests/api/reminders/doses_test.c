/* Doses: taking, skipping, snoozing, undoing; what is refused, and that nothing of it is stored. */
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
#include "expect.h"
#include "owner.h"
#include "people.h"

#define THREADS 8

static struct person patient, stranger, doctor;

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    person_new(&stranger, "patient");
    person_new(&doctor, "doctor");
    return 0;
}

static long events_of(const char *dose)
{
    return owner_count("SELECT count(*) FROM dose_events WHERE dose_id = $1::uuid", dose, NULL);
}

/* --- refused ---------------------------------------------------------------------------------------------------- */

static void bad_fields_are_refused(void **state)
{
    (void)state;
    char medication[37], dose[37];
    dose_of(&patient, medication, dose);
    static const struct { const char *act, *body, *pointer, *code; } cases[] = {
        {"take", "{\"dose_taken\": 0}", "/dose_taken", "min"},
        {"take", "{\"dose_taken\": 501}", "/dose_taken", "max"},
        {"take", "{\"dose_taken\": 1.005}", "/dose_taken", "format"},
        {"take", "{\"dose_taken\": 1e300}", "/dose_taken", "format"},
        {"take", "{\"dose_taken\": \"1\"}", "/dose_taken", "type"},
        {"take", "{\"taken_at\": \"yesterday\"}", "/taken_at", "format"},
        {"take", "{\"taken_at\": \"2026-02-30T08:00:00Z\"}", "/taken_at", "format"},
        {"take", "{\"taken_at\": \"2026-01-30T08:00:00\"}", "/taken_at", "format"},
        {"take", "{\"notes\": \"\"}", "/notes", "length"},
        {"take", "{\"notes\": \"a\\u0001b\"}", "/notes", "control"},
        {"take", "{\"status\": \"missed\"}", "/status", "unknown"},
        {"take", "{\"patient_id\": \"00000000-0000-4000-8000-000000000000\"}", "/patient_id", "unknown"},
        {"take", "{\"client_event_id\": \"7\"}", "/client_event_id", "format"},
        {"skip", "{\"reason\": 7}", "/reason", "type"},
        {"snooze", "{}", "/minutes", "required"},
        {"snooze", "{\"minutes\": 4}", "/minutes", "min"},
        {"snooze", "{\"minutes\": 241}", "/minutes", "max"},
        {"snooze", "{\"minutes\": 10.5}", "/minutes", "type"},
        {"undo", "{\"why\": 1}", "/why", "unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[80];
        snprintf(path, sizeof path, "/doses/%s/%s", dose, cases[i].act);
        expect_fault(post_raw(patient.token, path, cases[i].body, strlen(cases[i].body)), cases[i].pointer, cases[i].code);
    }
    assert_int_equal(events_of(dose), 0);
    assert_string_equal(dose_status(dose), "pending");
}

static void bad_bodies_are_refused(void **state)
{
    (void)state;
    char medication[37], dose[37], path[80];
    dose_of(&patient, medication, dose);
    snprintf(path, sizeof path, "/doses/%s/take", dose);
    static const struct { const char *bytes; const char *code; } bodies[] = {
        {"{\"notes\": ", "json.syntax"},   {"{\"notes\": \"a\\u0000b\"}", "json.nul"},
        {"{\"notes\": \"\xff\"}", "json.encoding"}, {"{\"notes\": \"a\", \"notes\": \"b\"}", "json.duplicate_key"},
        {"[]", "json.not_object"},         {"{} {}", "json.syntax"},
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        expect_problem(post_raw(patient.token, path, bodies[i].bytes, strlen(bodies[i].bytes)), 400, bodies[i].code);
    char *long_note = malloc(1000 * 1000 + 1);
    memset(long_note, 'a', 1000 * 1000);
    long_note[1000 * 1000] = '\0';
    expect_fault(post(patient.token, json_pack("{s:s}", "notes", long_note), "/doses/%s/take", dose), "/notes", "length");
    free(long_note);
    assert_int_equal(events_of(dose), 0);
}

static void nobody_elses_dose_is_found(void **state)
{
    (void)state;
    char medication[37], dose[37];
    static const char *const acts[] = {"take", "skip", "undo"};
    dose_of(&patient, medication, dose);
    const char *tokens[] = {stranger.token, doctor.token};
    for (size_t t = 0; t < 2; t++) {
        for (size_t i = 0; i < 3; i++) {
            struct answer *theirs = post(tokens[t], json_object(), "/doses/%s/%s", dose, acts[i]);
            struct answer *none = post(tokens[t], json_object(), "/doses/%s/%s", nobody_id(), acts[i]);
            expect_problem(theirs, 404, "not_found");
            expect_same_refusal(theirs, none);
        }
        expect_same_refusal(get(tokens[t], "/doses/%s", dose), get(tokens[t], "/doses/%s", nobody_id()));
        expect_same_refusal(get(tokens[t], "/doses?patient_id=%s", patient.id), get(tokens[t], "/doses?patient_id=%s", nobody_id()));
        expect_same_refusal(get(tokens[t], "/doses/today?patient_id=%s", patient.id),
                            get(tokens[t], "/doses/today?patient_id=%s", nobody_id()));
        expect_problem(post(tokens[t], json_pack("{s:s, s:i}", "medication_id", medication, "dose_taken", 1), "/doses/log"), 404, "not_found");
    }
    expect_problem(post(NULL, json_object(), "/doses/%s/take", dose), 401, "auth.token_missing");
    expect_problem(get(doctor.token, "/doses/today"), 422, "patient.required");
    assert_int_equal(events_of(dose), 0);
}

static void ranges_are_checked(void **state)
{
    (void)state;
    expect_problem(get(patient.token, "/doses?from=2026-03-02&to=2026-03-01"), 400, "request.day_range");
    expect_problem(get(patient.token, "/doses?from=2026-01-01&to=2026-06-01"), 400, "request.day_range");
    expect(get(patient.token, "/doses?from=2026-02-31"), 400);
    expect(get(patient.token, "/doses?limit=0"), 400);
    expect(get(patient.token, "/doses?limit=101"), 400);
    expect(get(patient.token, "/doses?sort=due_at"), 400);
    expect(get(patient.token, "/doses?cursor=%%00"), 400);
    expect(get(patient.token, "/doses?cursor=YWJj"), 400);
    expect(get(patient.token, "/reminders?cursor=YWJj"), 400);
    expect(get(patient.token, "/doses/today?limit=5"), 400);
}

/* --- a dose's life ---------------------------------------------------------------------------------------------- */

static void a_dose_is_taken_once(void **state)
{
    (void)state;
    char medication[37], dose[37];
    dose_of(&patient, medication, dose);
    struct answer *a = expect(post(patient.token, json_pack("{s:f, s:s}", "dose_taken", 0.5, "notes", "with water"), "/doses/%s/take", dose), 200);
    assert_string_equal(answer_text(a, "status"), "taken");
    assert_string_equal(answer_text(a, "medication.id"), medication);
    assert_true(answer_number(a, "dose_taken") == 0.5);
    assert_true(answer_number(a, "dose_amount") == 1);
    assert_true(json_is_false(answer_at(a, "taken_late")));
    a = expect_problem(post(patient.token, json_object(), "/doses/%s/take", dose), 409, "dose.not_pending");
    assert_string_equal(answer_text(a, "current_status"), "taken");
    expect_problem(post(patient.token, json_object(), "/doses/%s/skip", dose), 409, "dose.not_pending");
    assert_int_equal(events_of(dose), 1);
    assert_int_equal(owner_count("SELECT count(*) FROM audit_logs WHERE resource_id = $1::uuid AND action = 'dose.take'", dose, NULL), 1);
}

static void a_body_may_be_left_out(void **state)
{
    (void)state;
    char medication[37], dose[37];
    dose_of(&patient, medication, dose);
    assert_string_equal(answer_text(expect(post(patient.token, NULL, "/doses/%s/take", dose), 200), "status"), "taken");
    assert_string_equal(answer_text(expect(post(patient.token, NULL, "/doses/%s/undo", dose), 200), "status"), "pending");
}

static void the_same_key_repeats_the_answer(void **state)
{
    (void)state;
    char medication[37], dose[37], path[80], key[37];
    dose_of(&patient, medication, dose);
    snprintf(path, sizeof path, "/doses/%s/take", dose);
    snprintf(key, sizeof key, "%s", nobody_id());
    struct answer *first = expect(post_once(patient.token, key, json_pack("{s:s}", "notes", "a"), path), 200);
    struct answer *again = expect(post_once(patient.token, key, json_pack("{s:s}", "notes", "a"), path), 200);
    assert_string_equal(first->body, again->body);
    assert_string_equal(answer_header(again, "Idempotent-Replayed"), "true");
    expect_problem(post_once(patient.token, key, json_pack("{s:s}", "notes", "b"), path), 422, "idempotency.mismatch");
    assert_int_equal(events_of(dose), 1);
}

static void *take_it(void *dose)
{
    return post(patient.token, json_object(), "/doses/%s/take", (const char *)dose);
}

static void many_at_once_take_it_once(void **state)
{
    (void)state;
    char medication[37], dose[37];
    pthread_t threads[THREADS];
    int taken = 0, refused = 0;
    dose_of(&patient, medication, dose);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, take_it, dose);
    for (int i = 0; i < THREADS; i++) {
        void *answer;
        pthread_join(threads[i], &answer);
        taken += ((struct answer *)answer)->status == 200;
        refused += ((struct answer *)answer)->status == 409;
    }
    assert_int_equal(taken, 1);
    assert_int_equal(refused, THREADS - 1);
    assert_int_equal(events_of(dose), 1);
}

static void what_was_told_can_be_undone(void **state)
{
    (void)state;
    char medication[37], dose[37];
    dose_of(&patient, medication, dose);
    expect_problem(post(patient.token, json_object(), "/doses/%s/undo", dose), 409, "dose.nothing_to_undo");
    expect(post(patient.token, json_pack("{s:s}", "reason", "nausea"), "/doses/%s/skip", dose), 200);
    struct answer *a = expect(get(patient.token, "/doses/%s", dose), 200);
    assert_string_equal(answer_text(a, "status"), "skipped");
    assert_string_equal(answer_text(a, "skip_reason"), "nausea");
    a = expect(post(patient.token, json_object(), "/doses/%s/undo", dose), 200);
    assert_string_equal(answer_text(a, "status"), "pending");
    expect(post(patient.token, json_object(), "/doses/%s/take", dose), 200);
    assert_int_equal(events_of(dose), 3);
}

static void a_snooze_stays_within_the_grace(void **state)
{
    (void)state;
    char medication[37], dose[37];
    dose_of(&patient, medication, dose);
    struct answer *a = expect(post(patient.token, json_pack("{s:i}", "minutes", 30), "/doses/%s/snooze", dose), 200);
    assert_string_equal(answer_text(a, "status"), "snoozed");
    assert_non_null(answer_text(a, "snoozed_until"));
    expect_problem(post(patient.token, json_pack("{s:i}", "minutes", 121), "/doses/%s/snooze", dose), 422, "dose.snooze_range");
    expect(post(patient.token, json_object(), "/doses/%s/take", dose), 200);
    expect_problem(post(patient.token, json_pack("{s:i}", "minutes", 30), "/doses/%s/snooze", dose), 409, "dose.not_pending");
}

static void times_must_fit_the_dose(void **state)
{
    (void)state;
    char medication[37], reminder[37], dose[37];
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    dose_new(reminder, 13 * 3600, 7200, dose);
    expect_problem(post(patient.token, json_object(), "/doses/%s/take", dose), 422, "dose.too_early");
    dose_new(reminder, -60, 7200, dose);
    expect_problem(post(patient.token, json_pack("{s:s}", "taken_at", "2099-01-01T00:00:00Z"), "/doses/%s/take", dose), 422, "dose.taken_at_range");
    expect_problem(post(patient.token, json_pack("{s:s}", "taken_at", "1999-01-01T00:00:00Z"), "/doses/%s/take", dose), 422, "dose.taken_at_range");
    assert_int_equal(events_of(dose), 0);
}

/* --- lists ------------------------------------------------------------------------------------------------------ */

static void today_is_the_patients_day(void **state)
{
    (void)state;
    struct person traveller;
    char medication[37], dose[37];
    person_new(&traveller, "patient");
    expect(patch(traveller.token, json_pack("{s:s}", "timezone", "Pacific/Kiritimati"), "/auth/me"), 200); /* UTC+14 */
    dose_of(&traveller, medication, dose);
    long due_today = owner_count("SELECT count(*) FROM medication_reminder_logs WHERE id = $1::uuid"
                                 " AND scheduled_date = (now() AT TIME ZONE 'Pacific/Kiritimati')::date", dose, NULL);
    struct answer *a = expect(get(traveller.token, "/doses/today"), 200);
    assert_int_equal(answer_count(a, "items"), due_today);
    if (due_today)
        assert_string_equal(answer_text(a, "items.0.id"), dose);
    assert_true(json_is_null(answer_at(a, "next_cursor")));
}

static void pages_show_every_dose_once(void **state)
{
    (void)state;
    struct person p;
    char medication[37], reminder[37], dose[37], path[512] = "/doses?limit=3", seen[8][37];
    size_t found = 0;
    person_new(&p, "patient");
    medicine_new(&p, false, medication);
    reminder_new(&p, medication, reminder);
    for (int i = 0; i < 7; i++)
        dose_new(reminder, 86400 + 60 * i, 600, dose);
    for (int page = 0; page < 3; page++) {
        struct answer *a = expect(get(p.token, "%s", path), 200);
        for (size_t i = 0; i < answer_count(a, "items"); i++) {
            char at[40];
            snprintf(at, sizeof at, "items.%zu.id", i);
            snprintf(seen[found++], 37, "%s", answer_text(a, at));
        }
        if (page < 2)
            snprintf(path, sizeof path, "/doses?limit=3&cursor=%s", answer_text(a, "next_cursor"));
        else
            assert_true(json_is_null(answer_at(a, "next_cursor")));
    }
    assert_int_equal(found, 7);
    for (size_t i = 0; i < found; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(seen[i], seen[k]);
}

/* --- as needed -------------------------------------------------------------------------------------------------- */

static void as_needed_doses_have_limits(void **state)
{
    (void)state;
    char medication[37], planned[37], path[] = "/doses/log";
    medicine_new(&patient, true, medication);
    medicine_new(&patient, false, planned);
    expect_problem(post(patient.token, json_pack("{s:s, s:i}", "medication_id", planned, "dose_taken", 1), "%s", path), 409, "dose.not_as_needed");
    struct answer *a = expect(post(patient.token, json_pack("{s:s, s:i}", "medication_id", medication, "dose_taken", 2), "%s", path), 201);
    assert_true(json_is_null(answer_at(a, "reminder_id")));
    assert_true(answer_number(a, "dose_taken") == 2);
    assert_non_null(strstr(answer_header(a, "Location"), answer_text(a, "id")));
    a = expect_problem(post(patient.token, json_pack("{s:s, s:i}", "medication_id", medication, "dose_taken", 1), "%s", path), 409, "dose.minimum_interval");
    assert_non_null(answer_text(a, "next_allowed_at"));
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE medication_id = $1::uuid", medication, NULL), 1);
    expect_problem(post(patient.token, json_pack("{s:s, s:i, s:s}", "medication_id", medication, "dose_taken", 1, "taken_at", "2000-01-01T00:00:00Z"),
                        "%s", path), 422, "dose.taken_at_range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_fields_are_refused),
        cmocka_unit_test(bad_bodies_are_refused),
        cmocka_unit_test(nobody_elses_dose_is_found),
        cmocka_unit_test(ranges_are_checked),
        cmocka_unit_test(a_dose_is_taken_once),
        cmocka_unit_test(a_body_may_be_left_out),
        cmocka_unit_test(the_same_key_repeats_the_answer),
        cmocka_unit_test(many_at_once_take_it_once),
        cmocka_unit_test(what_was_told_can_be_undone),
        cmocka_unit_test(a_snooze_stays_within_the_grace),
        cmocka_unit_test(times_must_fit_the_dose),
        cmocka_unit_test(today_is_the_patients_day),
        cmocka_unit_test(pages_show_every_dose_once),
        cmocka_unit_test(as_needed_doses_have_limits),
    };
    return cmocka_run_group_tests_name("doses", tests, make_people, NULL);
}
