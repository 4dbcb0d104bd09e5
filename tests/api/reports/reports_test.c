/* Reports: what they say is counted from the patient's own rows, and only those who may see it ever do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "expect.h"
#include "owner.h"
#include "people.h"

/* --- scenes ---------------------------------------------------------------------------------------------------- */

/* A confirmed prescription of one medicine; writes the medicine's id. */
static void prescribe(const struct person *p, const char *name, const char *date, char medication[37])
{
    struct answer *a = post(p->token, json_pack("{s:s, s:s, s:[{s:s, s:s, s:{s:i}}]}", "prescription_date", date, "hospital_name", "Calmette",
                                                "medications", "name", name, "strength", "500 mg", "doses", "morning", 1), "/prescriptions");
    snprintf(medication, 37, "%s", answer_text(expect(a, 201), "medications.0.id"));
}

/* A reminder that makes no doses by itself, for past doses of the owner's making. */
static void remind(const struct person *p, const char *medication, char reminder[37])
{
    struct answer *a = post(p->token, json_pack("{s:s, s:s, s:i, s:b}", "medication_id", medication, "time_slot", "morning", "dose_amount", 1,
                                                "is_active", 0), "/reminders");
    snprintf(reminder, 37, "%s", answer_text(expect(a, 201), "id"));
}

/* One past dose: status pending, taken, late (taken late), skipped or missed. */
static void dose(const char *reminder, const char *date, const char *hour, const char *status)
{
    owner_sql("INSERT INTO medication_reminder_logs (id, reminder_id, medication_id, patient_id, scheduled_date, scheduled_time, time_slot, timezone,"
              " due_at, fire_at, fired_at, grace_until, dose_amount, status, actual_time, dose_taken, taken_late)"
              " SELECT dose_uuid(d.day, d.at), r.id, r.medication_id, r.patient_id, d.day, d.at, 'morning', 'UTC', d.day + d.at, d.day + d.at, now(),"
              " CASE $4 WHEN 'pending' THEN now() + interval '1 hour' ELSE d.day + d.at + interval '2 hours' END, 1,"
              " CASE $4 WHEN 'late' THEN 'taken' ELSE $4 END, CASE WHEN $4 IN ('taken', 'late') THEN d.day + d.at + interval '3 hours' END,"
              " CASE WHEN $4 IN ('taken', 'late') THEN 1 END, $4 = 'late'"
              " FROM medication_reminders r, (SELECT $2::date AS day, $3::time AS at) AS d WHERE r.id = $1::uuid RETURNING 1",
              reminder, date, hour, status, NULL);
}

static json_t *asking(const char *type, const char *patient)
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:s}", "type", type, "language", "en", "from", "2026-03-01", "to", "2026-03-31");
    if (patient)
        json_object_set_new(body, "patient_id", json_string(patient));
    return body;
}

/* Waits until it is done or in error. */
static struct answer *finished(const char *token, const char *id)
{
    struct answer *a = NULL;
    for (int tries = 0; tries < 200; tries++) {
        a = expect(get(token, "/reports/%s", id), 200);
        const char *status = answer_text(a, "status");
        if (strcmp(status, "queued") != 0 && strcmp(status, "running") != 0)
            return a;
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
    fail_msg("report %s was not made", id);
    return a;
}

static struct answer *report(const char *token, json_t *body)
{
    char id[37];
    snprintf(id, sizeof id, "%s", answer_text(expect(post(token, body, "/reports"), 202), "id"));
    return finished(token, id);
}

/* --- what they say ------------------------------------------------------------------------------------------------ */

static void expect_measure(struct answer *a, const char *at, const char *formula, int numerator, int denominator, double value)
{
    char path[128];
    snprintf(path, sizeof path, "%s.formula", at);
    assert_string_equal(answer_text(a, path), formula);
    snprintf(path, sizeof path, "%s.numerator", at);
    assert_int_equal((int)answer_number(a, path), numerator);
    snprintf(path, sizeof path, "%s.denominator", at);
    assert_int_equal((int)answer_number(a, path), denominator);
    snprintf(path, sizeof path, "%s.value", at);
    assert_true(answer_number(a, path) > value - 0.00005 && answer_number(a, path) < value + 0.00005);
}

/*
 * Two medicines. A: 2 Mar taken and late, 3 Mar taken and missed, 9 Mar skipped, 10 Mar pending. B: 2 Mar taken, 3 Mar taken.
 * Counted 7, taken 5 of which 1 late; days 2, 3 and 9 March, covered only the 2nd. Outside the period: 28 Feb, 1 April.
 */
static void adherence_is_counted_from_the_doses(void **state)
{
    (void)state;
    struct person p;
    char a[37], b[37], ra[37], rb[37];
    person_new(&p, "patient");
    prescribe(&p, "Amoxicillin", "2026-02-01", a);
    prescribe(&p, "Bromhexine", "2026-02-01", b);
    remind(&p, a, ra);
    remind(&p, b, rb);
    static const char *const doses[][3] = {{"2026-03-02", "07:00", "taken"}, {"2026-03-02", "18:00", "late"}, {"2026-03-03", "07:00", "taken"},
                                           {"2026-03-03", "18:00", "missed"}, {"2026-03-09", "07:00", "skipped"}, {"2026-03-10", "07:00", "pending"},
                                           {"2026-02-28", "07:00", "missed"}, {"2026-04-01", "07:00", "missed"}};
    for (size_t i = 0; i < sizeof doses / sizeof *doses; i++)
        dose(ra, doses[i][0], doses[i][1], doses[i][2]);
    dose(rb, "2026-03-02", "07:00", "taken");
    dose(rb, "2026-03-03", "07:00", "taken");
    struct answer *r = report(p.token, asking("medication_adherence", NULL));
    assert_string_equal(answer_text(r, "status"), "done");
    assert_string_equal(answer_text(r, "content.period.from"), "2026-03-01");
    assert_string_equal(answer_text(r, "content.period.timezone"), "Asia/Phnom_Penh");
    assert_non_null(answer_text(r, "content.generated_at"));
    assert_string_equal(answer_text(r, "summary"), "5 of 7 doses taken.");
    assert_int_equal((int)answer_number(r, "content.overall.counts.taken_late"), 1);
    assert_int_equal((int)answer_number(r, "content.overall.counts.skipped"), 1);
    assert_int_equal((int)answer_number(r, "content.overall.counts.missed"), 1);
    expect_measure(r, "content.overall.measures.0", "dose_adherence_v1", 5, 7, 0.7143);
    expect_measure(r, "content.overall.measures.1", "timing_adherence_v1", 4, 7, 0.5714);
    expect_measure(r, "content.overall.measures.2", "pdc_v1", 1, 3, 0.3333);
    assert_int_equal(answer_count(r, "content.by_week"), 2);
    assert_string_equal(answer_text(r, "content.by_week.1.week"), "2026-03-09");
    expect_measure(r, "content.by_week.0.measures.0", "dose_adherence_v1", 5, 6, 0.8333);
    expect_measure(r, "content.by_week.1.measures.0", "dose_adherence_v1", 0, 1, 0);
    assert_int_equal(answer_count(r, "content.by_medication"), 2);
    assert_string_equal(answer_text(r, "content.by_medication.1.medication.name"), "Bromhexine");
    expect_measure(r, "content.by_medication.1.measures.0", "dose_adherence_v1", 2, 2, 1);
}

static void without_doses_it_is_null_and_says_so(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    struct answer *r = report(p.token, asking("medication_adherence", NULL));
    assert_string_equal(answer_text(r, "status"), "done");
    for (int i = 0; i < 3; i++) {
        char path[64];
        snprintf(path, sizeof path, "content.overall.measures.%d.value", i);
        assert_true(json_is_null(answer_at(r, path)));
    }
    assert_int_equal(answer_count(r, "content.by_week"), 0);
    assert_string_equal(answer_text(r, "summary"), "No dose was due in this time.");
}

static void history_holds_confirmed_prescriptions_of_the_period(void **state)
{
    (void)state;
    struct person p, other;
    char medication[37];
    person_new(&p, "patient");
    person_new(&other, "patient");
    prescribe(&p, "Amoxicillin", "2026-03-05", medication);
    prescribe(&p, "Bromhexine", "2026-03-20", medication);
    prescribe(&p, "Cetirizine", "2026-02-28", medication);
    prescribe(&other, "Doxycycline", "2026-03-05", medication);
    owner_sql("INSERT INTO prescriptions (patient_id, created_by, status, source, prescription_date)"
              " VALUES ($1::uuid, $1::uuid, 'processing', 'upload', '2026-03-06') RETURNING id", p.id, NULL);
    struct answer *r = report(p.token, asking("prescription_history", NULL));
    assert_string_equal(answer_text(r, "status"), "done");
    assert_int_equal(answer_count(r, "content.prescriptions"), 2);
    assert_string_equal(answer_text(r, "content.prescriptions.0.date"), "2026-03-20");
    assert_string_equal(answer_text(r, "content.prescriptions.1.hospital_name"), "Calmette");
    assert_string_equal(answer_text(r, "content.prescriptions.1.medications.0.name"), "Amoxicillin");
    assert_int_equal((int)answer_number(r, "content.prescriptions.1.medications.0.doses.morning"), 1);
    assert_int_equal((int)answer_number(r, "content.totals.medications"), 2);
    json_t *all = json_pack("{s:s}", "type", "prescription_history");
    r = report(p.token, all);
    assert_int_equal(answer_count(r, "content.prescriptions"), 3);
    assert_true(json_is_null(answer_at(r, "period.from")));
    assert_string_equal(answer_text(r, "language"), "en");
}

static void it_is_written_in_the_language_asked_for(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    assert_string_equal(answer_text(report(p.token, json_pack("{s:s, s:s}", "type", "medication_adherence", "language", "fr")), "title"),
                        "Suivi de la prise des médicaments");
    assert_string_equal(answer_text(report(p.token, json_pack("{s:s, s:s}", "type", "medication_adherence", "language", "km")), "summary"),
                        "គ្មានថ្នាំត្រូវលេបក្នុងអំឡុងពេលនេះទេ។");
}

/* --- asking ----------------------------------------------------------------------------------------------------- */

static void refuses_what_it_cannot_make(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    static const char *const later[] = {"medical_summary", "risk_analysis", "trend_analysis"};
    for (size_t i = 0; i < 3; i++)
        expect_problem(post(p.token, json_pack("{s:s}", "type", later[i]), "/reports"), 422, "report.type_not_available");
    expect_fault(post(p.token, json_pack("{s:s}", "type", "horoscope"), "/reports"), "/type", "choice");
    struct answer *a = post(p.token, json_pack("{s:s, s:s, s:s, s:s, s:i}", "language", "de", "from", "2026-02-30", "to", "soon", "patient_id", "me",
                                               "user_id", 1), "/reports");
    expect_fault(a, "/type", "required");
    expect_fault(a, "/language", "choice");
    expect_fault(a, "/from", "format");
    expect_fault(a, "/to", "format");
    expect_fault(a, "/patient_id", "format");
    expect_fault(a, "/user_id", "unknown");
    expect_problem(post(p.token, json_pack("{s:s, s:s, s:s}", "type", "medication_adherence", "from", "2026-03-02", "to", "2026-03-01"), "/reports"), 422,
                   "report.period");
    expect_problem(post(p.token, json_pack("{s:s, s:s, s:s}", "type", "medication_adherence", "from", "2024-03-02", "to", "2026-03-01"), "/reports"), 422,
                   "report.period_too_long");
    expect_problem(post(NULL, json_pack("{s:s}", "type", "medication_adherence"), "/reports"), 401, "auth.token_missing");
    assert_int_equal(owner_count("SELECT count(*) FROM ai_reports WHERE user_id = $1::uuid", p.id, NULL), 0);
    assert_int_equal(owner_count("SELECT count(*) FROM jobs WHERE user_id = $1::uuid", p.id, NULL), 0);
}

static void the_same_key_makes_one_report(void **state)
{
    (void)state;
    struct person p;
    char id[37];
    person_new(&p, "patient");
    const char *key = nobody_id();
    struct answer *first = expect(post_once(p.token, key, asking("medication_adherence", NULL), "/reports"), 202);
    snprintf(id, sizeof id, "%s", answer_text(first, "id"));
    char location[80];
    snprintf(location, sizeof location, "/api/v1/reports/%s", id);
    assert_string_equal(answer_header(first, "Location"), location);
    struct answer *again = expect(post_once(p.token, key, asking("medication_adherence", NULL), "/reports"), 202);
    assert_string_equal(answer_text(again, "id"), id);
    assert_string_equal(answer_header(again, "Idempotent-Replayed"), "true");
    assert_int_equal(owner_count("SELECT count(*) FROM ai_reports WHERE user_id = $1::uuid", p.id, NULL), 1);
}

static void only_so_many_may_wait(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    owner_sql("INSERT INTO ai_reports (user_id, patient_id, report_type) SELECT $1::uuid, $1::uuid, 'medication_adherence'"
              " FROM generate_series(1, 10) RETURNING 1", p.id, NULL);
    expect_problem(post(p.token, asking("medication_adherence", NULL), "/reports"), 429, "report.too_many");
}

static void lists_own_newest_first_without_content(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    report(p.token, asking("medication_adherence", NULL));
    report(p.token, asking("prescription_history", NULL));
    struct answer *a = expect(get(p.token, "/reports?limit=1"), 200);
    assert_string_equal(answer_text(a, "items.0.type"), "prescription_history");
    assert_null(answer_at(a, "items.0.content"));
    a = expect(get(p.token, "/reports?limit=1&cursor=%s", answer_text(a, "next_cursor")), 200);
    assert_string_equal(answer_text(a, "items.0.type"), "medication_adherence");
    assert_true(json_is_null(answer_at(a, "next_cursor")));
    assert_int_equal(answer_count(expect(get(p.token, "/reports?type=medication_adherence"), 200), "items"), 1);
    assert_int_equal(answer_count(expect(get(p.token, "/reports?patient_id=%s", nobody_id()), 200), "items"), 0);
    expect(get(p.token, "/reports?type=horoscope"), 400);
    expect(get(p.token, "/reports?sort=x"), 400);
}

static void one_has_an_etag(void **state)
{
    (void)state;
    struct person p;
    char header[120];
    person_new(&p, "patient");
    struct answer *a = report(p.token, asking("medication_adherence", NULL));
    char path[64];
    snprintf(path, sizeof path, "/reports/%s", answer_text(a, "id"));
    snprintf(header, sizeof header, "If-None-Match: %s", answer_header(a, "ETag"));
    expect(client_call(&(struct call){.path = path, .token = p.token, .headers = (const char *[]){header, NULL}}), 304);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(adherence_is_counted_from_the_doses, client_teardown),
        cmocka_unit_test_teardown(without_doses_it_is_null_and_says_so, client_teardown),
        cmocka_unit_test_teardown(history_holds_confirmed_prescriptions_of_the_period, client_teardown),
        cmocka_unit_test_teardown(it_is_written_in_the_language_asked_for, client_teardown),
        cmocka_unit_test_teardown(refuses_what_it_cannot_make, client_teardown),
        cmocka_unit_test_teardown(the_same_key_makes_one_report, client_teardown),
        cmocka_unit_test_teardown(only_so_many_may_wait, client_teardown),
        cmocka_unit_test_teardown(lists_own_newest_first_without_content, client_teardown),
        cmocka_unit_test_teardown(one_has_an_etag, client_teardown),
    };
    return cmocka_run_group_tests_name("reports", tests, NULL, NULL);
}
