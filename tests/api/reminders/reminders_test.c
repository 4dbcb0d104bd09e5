/* Reminders and schedule templates: what is refused, what is planned, and that the past stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "course.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

#define STANDARD_TEMPLATE "00000000-0000-7000-8000-000000000001"

static struct person patient, stranger;
static char medication[37];

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    person_new(&stranger, "patient");
    medicine_new(&patient, false, medication);
    return 0;
}

/* A good reminder at `time` for `of`, with one member replaced or added. */
static json_t *reminder(const char *of, const char *time, const char *name, json_t *value)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:i}", "medication_id", of, "time_slot", "custom", "scheduled_time", time, "dose_amount", 1);
    if (name)
        json_object_set_new(body, name, value);
    return body;
}

static long reminders_of(const char *of)
{
    return owner_count("SELECT count(*) FROM medication_reminders WHERE medication_id = $1::uuid", of, NULL);
}

/* --- refused ---------------------------------------------------------------------------------------------------- */

static void bad_fields_are_refused(void **state)
{
    (void)state;
    static const struct { const char *name, *value, *pointer, *code; } cases[] = {
        {"medication_id", "\"x\"", "/medication_id", "format"},
        {"medication_id", "null", "/medication_id", "type"},
        {"time_slot", "\"dawn\"", "/time_slot", "choice"},
        {"scheduled_time", "\"24:00\"", "/scheduled_time", "format"},
        {"scheduled_time", "\"7:00\"", "/scheduled_time", "format"},
        {"dose_amount", "0", "/dose_amount", "min"},
        {"dose_amount", "-1", "/dose_amount", "min"},
        {"dose_amount", "500.5", "/dose_amount", "max"},
        {"dose_amount", "true", "/dose_amount", "type"},
        {"dose_unit", "\"\"", "/dose_unit", "length"},
        {"recurrence", "\"daily\"", "/recurrence", "type"},
        {"recurrence", "{}", "/recurrence/type", "required"},
        {"recurrence", "{\"type\": \"yearly\"}", "/recurrence/type", "choice"},
        {"recurrence", "{\"type\": \"daily\", \"every\": 2}", "/recurrence/every", "unknown"},
        {"recurrence", "{\"type\": \"monthly\", \"days\": [32]}", "/recurrence/days/0", "max"},
        {"recurrence", "{\"type\": \"every_n_days\", \"n\": 1}", "/recurrence/n", "min"},
        {"start_date", "\"2026-13-01\"", "/start_date", "format"},
        {"end_date", "7", "/end_date", "type"},
        {"timezone_policy", "\"floating\"", "/timezone_policy", "choice"},
        {"grace_minutes", "14", "/grace_minutes", "min"},
        {"grace_minutes", "721", "/grace_minutes", "max"},
        {"critical", "\"yes\"", "/critical", "type"},
        {"patient_id", "\"00000000-0000-4000-8000-000000000000\"", "/patient_id", "unknown"},
        {"template_snapshot", "{}", "/template_snapshot", "unknown"},
        {"created_by", "\"00000000-0000-4000-8000-000000000000\"", "/created_by", "unknown"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        json_t *value = json_loads(cases[i].value, JSON_DECODE_ANY, NULL);
        struct answer *a = post(patient.token, reminder(medication, "08:00", cases[i].name, value), "/reminders");
        expect_fault(a, cases[i].pointer, cases[i].code);
    }
    struct answer *a = post(patient.token, json_pack("{s:s, s:s, s:i}", "medication_id", medication, "time_slot", "custom", "dose_amount", 1), "/reminders");
    expect_fault(a, "/scheduled_time", "required");
    assert_int_equal(reminders_of(medication), 0);
}

static void impossible_schedules_are_refused(void **state)
{
    (void)state;
    static const char *const recurrences[] = {
        "{\"type\": \"every_n_days\"}", "{\"type\": \"weekdays\", \"days\": [8]}", "{\"type\": \"weekdays\"}",
        "{\"type\": \"daily\", \"n\": 2}", "{\"type\": \"cycle\", \"on\": 21}", "{\"type\": \"monthly\", \"n\": 3}",
    };
    for (size_t i = 0; i < sizeof recurrences / sizeof recurrences[0]; i++) {
        json_t *value = json_loads(recurrences[i], 0, NULL);
        expect_problem(post(patient.token, reminder(medication, "08:00", "recurrence", json_incref(value)), "/reminders"), 422, "reminder.recurrence");
        json_t *asked = json_pack("{s:s, s:i, s:o}", "scheduled_time", "08:00", "dose_amount", 1, "recurrence", value);
        expect_problem(post(patient.token, asked, "/reminders/preview"), 422, "reminder.recurrence");
    }
    json_t *backwards = reminder(medication, "08:00", "end_date", json_string("2030-01-01"));
    json_object_set_new(backwards, "start_date", json_string("2030-01-02"));
    expect_problem(post(patient.token, backwards, "/reminders"), 422, "reminder.date_order");
    expect_problem(post(patient.token, reminder(medication, "08:00", "start_date", json_string("1999-01-01")), "/reminders"), 422, "reminder.date_range");
    assert_int_equal(reminders_of(medication), 0);
}

static void only_current_confirmed_medicines_are_planned(void **state)
{
    (void)state;
    char other[37];
    medicine_new(&patient, true, other);
    expect_problem(post(patient.token, reminder(other, "08:00", NULL, NULL), "/reminders"), 422, "reminder.as_needed");
    medicine_new(&patient, false, other);
    owner_sql("UPDATE medications SET is_active = false, ended_at = now() WHERE id = $1::uuid", other, NULL);
    expect_problem(post(patient.token, reminder(other, "08:00", NULL, NULL), "/reminders"), 409, "reminder.medication_not_current");
    /* a picture that was read, not yet checked by anybody */
    snprintf(other, sizeof other, "%s", owner_sql(
        "WITH p AS (INSERT INTO prescriptions (patient_id, created_by, status, source) VALUES ($1::uuid, $1::uuid, 'processing', 'upload') RETURNING id)"
        " INSERT INTO medications (prescription_id, patient_id, sequence_number, name, dose_morning) SELECT id, $1::uuid, 1, 'Unread', 1 FROM p RETURNING id",
        patient.id, NULL));
    expect_problem(post(patient.token, reminder(other, "08:00", NULL, NULL), "/reminders"), 409, "reminder.medication_not_current");
    assert_int_equal(reminders_of(other), 0);
}

static void nobody_elses_reminder_is_found(void **state)
{
    (void)state;
    char mine[37];
    reminder_new(&patient, medication, mine);
    expect_same_refusal(post(stranger.token, reminder(medication, "08:00", NULL, NULL), "/reminders"),
                        post(stranger.token, reminder(nobody_id(), "08:00", NULL, NULL), "/reminders"));
    expect_same_refusal(get(stranger.token, "/reminders/%s", mine), get(stranger.token, "/reminders/%s", nobody_id()));
    expect_same_refusal(patch(stranger.token, json_pack("{s:b}", "critical", 1), "/reminders/%s", mine),
                        patch(stranger.token, json_pack("{s:b}", "critical", 1), "/reminders/%s", nobody_id()));
    expect_same_refusal(delete_(stranger.token, "/reminders/%s", mine), delete_(stranger.token, "/reminders/%s", nobody_id()));
    expect_same_refusal(post(stranger.token, json_object(), "/reminders/%s/pause", mine), post(stranger.token,
        json_object(), "/reminders/%s/pause", nobody_id()));
    expect_same_refusal(post(stranger.token, NULL, "/reminders/%s/resume", mine), post(stranger.token, NULL, "/reminders/%s/resume", nobody_id()));
    expect_same_refusal(get(stranger.token, "/reminders?patient_id=%s", patient.id), get(stranger.token, "/reminders?patient_id=%s", nobody_id()));
    expect_problem(get(stranger.token, "/reminders/%s", mine), 404, "not_found");
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminders WHERE id = $1::uuid AND is_active AND NOT critical"
                                 " AND paused_at IS NULL", mine, NULL), 1);
    /* somebody else's medicine in a list of one's own gives nothing */
    assert_int_equal(answer_count(expect(get(stranger.token, "/reminders?medication_id=%s", medication), 200), "items"), 0);
}

/* --- a reminder's life ------------------------------------------------------------------------------------------ */

static void a_reminder_plans_its_doses(void **state)
{
    (void)state;
    char own[37], id[37];
    medicine_new(&patient, false, own);
    json_t *wish = json_pack("{s:s, s:s, s:f, s:s}", "medication_id", own, "time_slot", "morning", "dose_amount", 0.5, "template_id", STANDARD_TEMPLATE);
    struct answer *a = expect(post(patient.token, wish, "/reminders"), 201);
    snprintf(id, sizeof id, "%s", answer_text(a, "id"));
    assert_string_equal(answer_text(a, "scheduled_time"), "07:00");
    assert_string_equal(answer_text(a, "template_snapshot.morning"), "07:00");
    assert_string_equal(answer_text(a, "medication.name"), "Paracetamol");
    assert_string_equal(answer_text(a, "timezone"), "Asia/Phnom_Penh");
    assert_non_null(answer_text(a, "next_reminder_at"));
    long planned = owner_count("SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid AND status = 'pending'"
                               " AND dose_amount = 0.5", id, NULL);
    assert_true(planned == 14 || planned == 15); /* today's may be past */
    expect_problem(post(patient.token, reminder(own, "07:00", NULL, NULL), "/reminders"), 409, "reminder.duplicate");
    a = expect(patch(patient.token, json_pack("{s:s}", "scheduled_time", "07:30"), "/reminders/%s", id), 200);
    assert_string_equal(answer_text(a, "scheduled_time"), "07:30");
    assert_string_equal(answer_text(a, "template_snapshot.morning"), "07:00");
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid AND scheduled_time <> '07:30'", id, NULL), 0);
    expect(delete_(patient.token, "/reminders/%s", id), 204);
    a = expect(get(patient.token, "/reminders/%s", id), 200);
    assert_false(answer_true(a, "is_active"));
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid", id, NULL), 0);
}

static void what_was_due_stays(void **state)
{
    (void)state;
    char own[37], id[37], dose[37];
    medicine_new(&patient, false, own);
    reminder_new(&patient, own, id);
    dose_new(id, -600, 7200, dose);
    expect(patch(patient.token, json_pack("{s:i}", "dose_amount", 3), "/reminders/%s", id), 200);
    expect(delete_(patient.token, "/reminders/%s", id), 204);
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE id = $1::uuid AND dose_amount = 1", dose, NULL), 1);
}

static void a_stopped_medicine_is_not_planned_again(void **state)
{
    (void)state;
    char own[37], id[37];
    medicine_new(&patient, false, own);
    reminder_new(&patient, own, id);
    expect(delete_(patient.token, "/reminders/%s", id), 204);
    assert_true(answer_true(expect(patch(patient.token, json_pack("{s:b}", "is_active", 1), "/reminders/%s", id), 200), "is_active"));
    owner_sql("UPDATE medications SET is_active = false, ended_at = now() WHERE id = $1::uuid", own, NULL);
    assert_false(answer_true(expect(get(patient.token, "/reminders/%s", id), 200), "is_active"));
    expect_problem(patch(patient.token, json_pack("{s:b}", "is_active", 1), "/reminders/%s", id), 409, "reminder.medication_not_current");
    expect(patch(patient.token, json_pack("{s:b}", "critical", 1), "/reminders/%s", id), 200);
}

static void a_pause_gives_no_doses(void **state)
{
    (void)state;
    char own[37], id[37];
    medicine_new(&patient, false, own);
    snprintf(id, sizeof id, "%s", answer_text(expect(post(patient.token, reminder(own, "08:00", NULL, NULL), "/reminders"), 201), "id"));
    expect_problem(post(patient.token, json_pack("{s:s}", "until", "2001-01-01T00:00:00Z"), "/reminders/%s/pause", id), 422, "reminder.pause_order");
    struct answer *a = expect(post(patient.token, NULL, "/reminders/%s/pause", id), 200);
    assert_non_null(answer_text(a, "paused_at"));
    assert_true(json_is_null(answer_at(a, "next_reminder_at")));
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid", id, NULL), 0);
    a = expect(post(patient.token, NULL, "/reminders/%s/resume", id), 200);
    assert_true(json_is_null(answer_at(a, "paused_at")));
    assert_true(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid", id, NULL) >= 14);
}

static struct answer *remind(const char *of, const char *start, const char *end, const char *recurrence)
{
    json_t *wish = reminder(of, "07:30", "start_date", json_string(start));
    if (end)
        json_object_set_new(wish, "end_date", json_string(end));
    if (recurrence)
        json_object_set_new(wish, "recurrence", json_loads(recurrence, 0, NULL));
    return post(patient.token, wish, "/reminders");
}

/* Whichever day it begins on: a request sent again after midnight must not double the dose. Doses that never meet may share a time. */
static void a_medicine_has_one_reminder_at_a_time(void **state)
{
    (void)state;
    static const char *const odd = "{\"type\": \"weekdays\", \"days\": [1, 3, 5]}", *const even = "{\"type\": \"weekdays\", \"days\": [2, 4]}",
                            *const third = "{\"type\": \"every_n_days\", \"n\": 3}", *const never = "{\"type\": \"weekdays\", \"days\": [6, 7]}";
    char own[37], id[37];
    medicine_new(&patient, false, own);
    snprintf(id, sizeof id, "%s", answer_text(expect(remind(own, "2190-03-01", "2190-03-10", NULL), 201), "id"));
    expect_problem(remind(own, "2190-03-02", NULL, NULL), 409, "reminder.duplicate");
    expect_problem(remind(own, "2190-02-02", "2190-03-01", NULL), 409, "reminder.duplicate");
    expect(remind(own, "2190-03-11", "2190-03-31", NULL), 201); /* less of it from then on, say */
    expect_problem(patch(patient.token, json_pack("{s:s}", "end_date", "2190-03-11"), "/reminders/%s", id), 409, "reminder.duplicate");
    expect(remind(own, "2190-04-01", NULL, odd), 201);
    expect(remind(own, "2190-04-02", NULL, even), 201);
    expect_problem(remind(own, "2190-04-03", NULL, third), 409, "reminder.duplicate");
    expect(remind(own, "2190-04-04", NULL, never), 201);
    expect(delete_(patient.token, "/reminders/%s", id), 204);
    expect(remind(own, "2190-03-02", "2190-03-05", NULL), 201);
    expect_problem(patch(patient.token, json_pack("{s:b}", "is_active", 1), "/reminders/%s", id), 409, "reminder.duplicate");
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminders WHERE medication_id = $1::uuid AND is_active", own, NULL), 5);
}

/* One that follows the person's clock again goes by the clock the person has by then. */
static void a_reminder_goes_by_the_clock_it_follows(void **state)
{
    (void)state;
    struct person p;
    char own[37], fixed[37], ended[37];
    person_new(&p, "patient");
    medicine_new(&p, false, own);
    struct answer *a = post(p.token, reminder(own, "07:00", "timezone_policy", json_string("fixed")), "/reminders");
    snprintf(fixed, sizeof fixed, "%s", answer_text(expect(a, 201), "id"));
    snprintf(ended, sizeof ended, "%s", answer_text(expect(post(p.token, reminder(own, "09:00", NULL, NULL), "/reminders"), 201), "id"));
    expect(delete_(p.token, "/reminders/%s", ended), 204);
    expect(patch(p.token, json_pack("{s:s}", "timezone", "Europe/Paris"), "/auth/me"), 200);
    assert_string_equal(answer_text(expect(get(p.token, "/reminders/%s", fixed), 200), "timezone"), "Asia/Phnom_Penh");
    a = expect(patch(p.token, json_pack("{s:s}", "timezone_policy", "local"), "/reminders/%s", fixed), 200);
    assert_string_equal(answer_text(a, "timezone"), "Europe/Paris");
    a = expect(patch(p.token, json_pack("{s:b}", "is_active", 1), "/reminders/%s", ended), 200);
    assert_string_equal(answer_text(a, "timezone"), "Europe/Paris");
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE patient_id = $1::uuid AND due_at > now() AND fired_at IS NULL"
                                 " AND (due_at AT TIME ZONE 'Europe/Paris')::time NOT IN ('07:00', '09:00')", p.id, NULL), 0);
    assert_true(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid AND due_at > now()", ended, NULL) > 10);
}

static void a_stale_change_is_refused(void **state)
{
    (void)state;
    char own[37], id[37], match[64], path[64];
    medicine_new(&patient, false, own);
    reminder_new(&patient, own, id);
    snprintf(path, sizeof path, "/reminders/%s", id);
    const char *etag = answer_header(expect(get(patient.token, "%s", path), 200), "ETag");
    snprintf(match, sizeof match, "If-Match: %s", etag);
    const char *const headers[] = {match, NULL};
    struct call change = {.method = "PATCH", .path = path, .token = patient.token, .headers = headers};
    change.json = json_pack("{s:b}", "critical", 1);
    expect(client_call(&change), 200);
    change.json = json_pack("{s:b}", "critical", 0);
    expect_problem(client_call(&change), 412, "precondition.failed");
    assert_true(answer_true(expect(get(patient.token, "%s", path), 200), "critical"));
}

static void a_preview_stores_nothing(void **state)
{
    (void)state;
    long before = owner_count("SELECT count(*) FROM medication_reminders", NULL);
    json_t *wish = json_loads("{\"scheduled_time\": \"07:00\", \"dose_amount\": 2, \"dose_unit\": \"tablets\", \"start_date\": \"2026-02-02\","
                              " \"end_date\": \"2026-02-09\", \"recurrence\": {\"type\": \"weekdays\", \"days\": [3, 1]}}", 0, NULL);
    struct answer *a = expect(post(patient.token, wish, "/reminders/preview"), 200);
    assert_string_equal(answer_text(a, "sentence"), "2 tablets at 07:00 every Monday and Wednesday from 2 February 2026 to 9 February 2026.");
    assert_int_equal(answer_count(a, "occurrences"), 3);
    assert_string_equal(answer_text(a, "occurrences.1.local_date"), "2026-02-04");
    assert_string_equal(answer_text(a, "occurrences.1.due_at"), "2026-02-04T00:00:00Z");
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminders", NULL), before);
}

/* --- templates -------------------------------------------------------------------------------------------------- */

static json_t *template(const char *name, const char *night)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "name", name, "morning_time", "06:00", "noon_time", "11:00", "evening_time", "17:00", "night_time", night);
}

static void templates_are_ones_own(void **state)
{
    (void)state;
    expect_problem(post(patient.token, template("Mine", "16:00"), "/schedule-templates"), 422, "template.times_order");
    expect_problem(post(patient.token, template("  ", "20:00"), "/schedule-templates"), 422, "template.name_length");
    struct answer *a = expect(post(patient.token, template("Mine", "20:00"), "/schedule-templates"), 201);
    char id[37];
    snprintf(id, sizeof id, "%s", answer_text(a, "id"));
    expect_problem(post(patient.token, template("mine", "20:00"), "/schedule-templates"), 409, "template.name_taken");
    expect_same_refusal(get(stranger.token, "/schedule-templates/%s", id), get(stranger.token, "/schedule-templates/%s", nobody_id()));
    expect_same_refusal(patch(stranger.token, json_object(), "/schedule-templates/%s", id), patch(stranger.token,
        json_object(), "/schedule-templates/%s", nobody_id()));
    expect_same_refusal(delete_(stranger.token, "/schedule-templates/%s", id), delete_(stranger.token, "/schedule-templates/%s", nobody_id()));
    expect(get(stranger.token, "/schedule-templates/" STANDARD_TEMPLATE), 200);
    expect_problem(patch(patient.token, json_pack("{s:s}", "name", "Ours"), "/schedule-templates/" STANDARD_TEMPLATE), 403, "template.read_only");
    expect_problem(delete_(patient.token, "/schedule-templates/" STANDARD_TEMPLATE), 403, "template.read_only");
    /* somebody else's template gives no times */
    char theirs[37];
    medicine_new(&stranger, false, theirs);
    expect_problem(post(stranger.token, reminder(theirs, "08:00", "template_id", json_string(id)), "/reminders"), 404, "not_found");
    expect(delete_(patient.token, "/schedule-templates/%s", id), 204);
    expect(get(patient.token, "/schedule-templates/%s", id), 404);
}

static void a_new_default_takes_the_old_ones_place(void **state)
{
    (void)state;
    json_t *first = template("First", "20:00"), *second = template("Second", "21:00");
    json_object_set_new(first, "is_default", json_true());
    struct answer *a = expect(post(stranger.token, first, "/schedule-templates"), 201);
    char id[37];
    snprintf(id, sizeof id, "%s", answer_text(a, "id"));
    json_object_set_new(second, "is_default", json_true());
    expect(post(stranger.token, second, "/schedule-templates"), 201);
    assert_false(answer_true(expect(get(stranger.token, "/schedule-templates/%s", id), 200), "is_default"));
    a = expect(patch(stranger.token, json_pack("{s:b, s:s}", "is_default", 1, "night_time", "22:00"), "/schedule-templates/%s", id), 200);
    assert_true(answer_true(a, "is_default"));
    assert_string_equal(answer_text(a, "night_time"), "22:00");
    assert_string_equal(answer_text(a, "noon_time"), "11:00");
    assert_int_equal(owner_count("SELECT count(*) FROM medication_schedule_templates WHERE user_id = $1::uuid AND is_default", stranger.id, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_fields_are_refused),
        cmocka_unit_test(impossible_schedules_are_refused),
        cmocka_unit_test(only_current_confirmed_medicines_are_planned),
        cmocka_unit_test(nobody_elses_reminder_is_found),
        cmocka_unit_test(a_reminder_plans_its_doses),
        cmocka_unit_test(what_was_due_stays),
        cmocka_unit_test(a_stopped_medicine_is_not_planned_again),
        cmocka_unit_test(a_pause_gives_no_doses),
        cmocka_unit_test(a_medicine_has_one_reminder_at_a_time),
        cmocka_unit_test(a_reminder_goes_by_the_clock_it_follows),
        cmocka_unit_test(a_stale_change_is_refused),
        cmocka_unit_test(a_preview_stores_nothing),
        cmocka_unit_test(templates_are_ones_own),
        cmocka_unit_test(a_new_default_takes_the_old_ones_place),
    };
    return cmocka_run_group_tests_name("reminders", tests, make_people, NULL);
}
