/* Events told late by a device that was offline; and the figures of adherence that follow from doses. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "core/random.h"
#include "course.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

#define THREADS 6

static struct person patient, stranger;

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    person_new(&stranger, "patient");
    return 0;
}

/* {"client_event_id", "event", key: id}; `more` (may be NULL) is merged in and released. */
static json_t *event(const char *kind, const char *key, const char *id, json_t *more)
{
    char uuid[37];
    random_uuid(uuid);
    json_t *e = json_pack("{s:s, s:s, s:s}", "client_event_id", uuid, "event", kind, key, id);
    json_object_update(e, more);
    json_decref(more);
    return e;
}

static struct answer *sync(const struct person *who, json_t *events)
{
    return post(who->token, json_pack("{s:o}", "events", events), "/doses/sync");
}

static void expect_receipt(struct answer *a, int n, const char *result, const char *status, const char *code)
{
    char at[40];
    snprintf(at, sizeof at, "receipts.%d.result", n);
    assert_string_equal(answer_text(a, at), result);
    snprintf(at, sizeof at, "receipts.%d.status", n);
    if (status)
        assert_string_equal(answer_text(a, at), status);
    else
        assert_true(json_is_null(answer_at(a, at)));
    snprintf(at, sizeof at, "receipts.%d.code", n);
    if (code)
        assert_string_equal(answer_text(a, at), code);
    else
        assert_true(json_is_null(answer_at(a, at)));
}

static void bad_batches_are_refused_whole(void **state)
{
    (void)state;
    char medication[37], dose[37];
    dose_of(&patient, medication, dose);
    expect_fault(sync(&patient, json_array()), "/events", "length");
    json_t *many = json_array();
    for (int i = 0; i < 101; i++)
        json_array_append_new(many, event("take", "dose_id", dose, NULL));
    expect_fault(sync(&patient, many), "/events", "length");
    expect_fault(sync(&patient, json_pack("[o, o]", event("take", "dose_id", dose, NULL), event("eat", "dose_id", dose, NULL))),
                 "/events/1/event", "choice");
    expect_fault(sync(&patient, json_pack("[{s:s, s:s}]", "event", "take", "dose_id", dose)), "/events/0/client_event_id", "required");
    expect_fault(sync(&patient, json_pack("[o]", event("take", "dose_id", dose, json_pack("{s:s}", "status", "taken")))),
                 "/events/0/status", "unknown");
    expect_fault(sync(&patient, json_pack("[i]", 7)), "/events/0", "type");
    assert_string_equal(dose_status(dose), "pending");
}

static void each_event_has_its_receipt(void **state)
{
    (void)state;
    char medication[37], dose[37], other[37], as_needed[37], theirs[37], theirs_dose[37];
    dose_of(&patient, medication, dose);
    dose_of(&patient, medication, other);
    dose_of(&stranger, theirs, theirs_dose);
    medicine_new(&patient, true, as_needed);
    json_t *twice = event("take", "dose_id", dose, NULL);
    struct answer *a = expect(sync(&patient, json_pack("[o, O, o, o, o, o, o, o, o, o]",
        twice, twice,
        event("skip", "dose_id", dose, NULL),
        event("skip", "dose_id", other, json_pack("{s:s}", "reason", "nausea")),
        event("undo", "dose_id", other, NULL),
        event("take", "dose_id", theirs_dose, NULL),
        event("take", "dose_id", nobody_id(), NULL),
        event("snooze", "dose_id", other, NULL),
        event("log", "medication_id", as_needed, json_pack("{s:i}", "dose_taken", 1)),
        event("log", "medication_id", as_needed, json_pack("{s:i}", "dose_taken", 1)))), 200);
    assert_int_equal(answer_count(a, "receipts"), 10);
    expect_receipt(a, 0, "applied", "taken", NULL);
    expect_receipt(a, 1, "duplicate", "taken", NULL);
    expect_receipt(a, 2, "refused", "taken", "dose.not_pending");
    expect_receipt(a, 3, "applied", "skipped", NULL);
    expect_receipt(a, 4, "applied", "pending", NULL);
    expect_receipt(a, 5, "refused", NULL, "not_found");
    expect_receipt(a, 6, "refused", NULL, "not_found");
    expect_receipt(a, 7, "refused", NULL, "dose.event_incomplete");
    expect_receipt(a, 8, "applied", "taken", NULL);
    expect_receipt(a, 9, "refused", NULL, "dose.minimum_interval");
    assert_string_equal(dose_status(theirs_dose), "pending");
}

static void a_dose_taken_in_time_but_told_late_is_not_missed(void **state)
{
    (void)state;
    char medication[37], reminder[37], dose[37], late[37];
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    dose_new(reminder, -7200, 3600, dose);
    dose_new(reminder, -7260, 3600, late);
    owner_sql("UPDATE medication_reminder_logs SET status = 'missed' WHERE reminder_id = $1::uuid AND status <> 'missed'", reminder, NULL);
    char in_time[40];
    snprintf(in_time, sizeof in_time, "%s",
        owner_sql("SELECT to_char((now() - interval '110 minutes') AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')", NULL));
    struct answer *a = expect(sync(&patient, json_pack("[o, o]", event("take", "dose_id", dose, json_pack("{s:s}", "taken_at", in_time)),
                                                       event("take", "dose_id", late, NULL))), 200);
    expect_receipt(a, 0, "applied", "taken", NULL);
    expect_receipt(a, 1, "applied", "taken", NULL);
    assert_false(answer_true(expect(get(patient.token, "/doses/%s", dose), 200), "taken_late"));
    assert_true(answer_true(expect(get(patient.token, "/doses/%s", late), 200), "taken_late"));
}

static json_t *shared_event;

static void *sync_it(void *unused)
{
    (void)unused;
    return sync(&patient, json_pack("[o]", json_deep_copy(shared_event)));
}

static void the_same_event_at_once_counts_once(void **state)
{
    (void)state;
    char medication[37], dose[37];
    pthread_t threads[THREADS];
    dose_of(&patient, medication, dose);
    shared_event = event("take", "dose_id", dose, NULL);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, sync_it, NULL);
    for (int i = 0; i < THREADS; i++) {
        void *answer;
        pthread_join(threads[i], &answer);
        struct answer *a = expect((struct answer *)answer, 200);
        assert_string_equal(answer_text(a, "receipts.0.status"), "taken");
    }
    json_decref(shared_event);
    assert_int_equal(owner_count("SELECT count(*) FROM dose_events WHERE dose_id = $1::uuid", dose, NULL), 1);
}

/* --- adherence -------------------------------------------------------------------------------------------------- */

/* A settled dose of 2 January 2026 + `day`, at `hour`; taken late when `late`. */
static void past_dose(const char *reminder, int day, int hour, const char *status, bool late)
{
    char day_text[8], hour_text[8];
    snprintf(day_text, sizeof day_text, "%d", day);
    snprintf(hour_text, sizeof hour_text, "%d", hour);
    owner_sql("INSERT INTO medication_reminder_logs (id, reminder_id, medication_id, patient_id, scheduled_date, scheduled_time, time_slot,"
              "            timezone, due_at, fire_at, grace_until, dose_amount, status, actual_time, dose_taken, taken_late)"
              " SELECT dose_uuid(w::date, w::time), r.id, r.medication_id, r.patient_id, w::date, w::time, 'custom', r.timezone, t, t,"
              "        t + interval '1 hour', 1, $4, CASE WHEN $4 = 'taken' THEN t END, CASE WHEN $4 = 'taken' THEN 1 END, $5::boolean"
              "   FROM medication_reminders r, (SELECT timestamp '2026-01-02' + $2::int * interval '1 day' + $3::int * interval '1 hour' AS w) AS wall,"
              "        LATERAL (SELECT w AT TIME ZONE r.timezone AS t) AS instant WHERE r.id = $1::uuid",
              reminder, day_text, hour_text, status, late ? "t" : "f", NULL);
}

static void adherence_counts_settled_doses(void **state)
{
    (void)state;
    struct person p;
    char medication[37], reminder[37];
    person_new(&p, "patient");
    struct answer *a = expect(get(p.token, "/adherence?from=2026-01-01&to=2026-01-31"), 200);
    assert_true(json_is_null(answer_at(a, "adherence.value")));
    assert_int_equal(answer_count(a, "buckets"), 0);
    medicine_new(&p, false, medication);
    reminder_new(&p, medication, reminder);
    past_dose(reminder, 0, 8, "taken", false);
    past_dose(reminder, 0, 18, "missed", false);
    past_dose(reminder, 1, 8, "taken", false);
    past_dose(reminder, 1, 18, "taken", true);
    past_dose(reminder, 3, 8, "taken", false);
    a = expect(get(p.token, "/adherence?from=2026-01-01&to=2026-01-31&by=day"), 200);
    assert_true(answer_number(a, "adherence.value") == 0.8);
    assert_true(answer_number(a, "adherence.numerator") == 4);
    assert_true(answer_number(a, "adherence.denominator") == 5);
    assert_string_equal(answer_text(a, "adherence.formula"), "dose_adherence_v1");
    assert_true(answer_number(a, "timing_adherence.value") == 0.6);
    assert_true(answer_number(a, "pdc.numerator") == 2);
    assert_true(answer_number(a, "pdc.denominator") == 3);
    assert_true(answer_number(a, "streak.value") == 2);
    assert_true(answer_number(a, "counts.missed") == 1);
    assert_int_equal(answer_count(a, "buckets"), 3);
    assert_string_equal(answer_text(a, "buckets.1.date"), "2026-01-03");
    a = expect(get(p.token, "/adherence?from=2026-01-01&to=2026-01-31&by=medication"), 200);
    assert_int_equal(answer_count(a, "buckets"), 1);
    assert_string_equal(answer_text(a, "buckets.0.medication.id"), medication);
    a = expect(get(p.token, "/adherence?from=2026-01-01&to=2026-01-31&by=month"), 200);
    assert_string_equal(answer_text(a, "buckets.0.date"), "2026-01-01");
    expect_problem(get(p.token, "/adherence?from=2025-01-01&to=2026-01-31"), 400, "request.day_range");
    expect(get(p.token, "/adherence?by=year"), 400);
    expect_same_refusal(get(stranger.token, "/adherence?patient_id=%s", p.id), get(stranger.token, "/adherence?patient_id=%s", nobody_id()));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_batches_are_refused_whole),
        cmocka_unit_test(each_event_has_its_receipt),
        cmocka_unit_test(a_dose_taken_in_time_but_told_late_is_not_missed),
        cmocka_unit_test(the_same_event_at_once_counts_once),
        cmocka_unit_test(adherence_counts_settled_doses),
    };
    return cmocka_run_group_tests_name("sync and adherence", tests, make_people, NULL);
}
