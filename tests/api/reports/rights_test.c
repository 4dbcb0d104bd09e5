/* Who may have a report made, and who may still read it: judged when asked, when made and when read. */
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

static json_t *asking(const char *type, const char *patient)
{
    return json_pack("{s:s, s:s}", "type", type, "patient_id", patient);
}

static json_t *rights(bool reports, bool prescriptions)
{
    return json_pack("{s:b, s:b}", "view_reports", reports, "view_prescriptions", prescriptions);
}

static void medication_of(const struct person *p, char medication[37])
{
    struct answer *a = post(p->token, json_pack("{s:[{s:s}]}", "medications", "name", "Amoxicillin"), "/prescriptions");
    snprintf(medication, 37, "%s", answer_text(expect(a, 201), "medications.0.id"));
}

static const char *wait_for(const char *report)
{
    const char *status = NULL;
    for (int tries = 0; tries < 200; tries++) {
        status = owner_sql("SELECT status FROM ai_reports WHERE id = $1::uuid", report, NULL);
        if (strcmp(status, "done") == 0 || strcmp(status, "error") == 0)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 50 * 1000000}, NULL);
    }
    return status;
}

static void ask(const struct person *who, const char *type, const struct person *patient, char report[37])
{
    snprintf(report, 37, "%s", answer_text(expect(post(who->token, asking(type, patient->id), "/reports"), 202), "id"));
}

/* A stranger learns nothing, not even whether the patient exists. */
static void strangers_are_told_it_does_not_exist(void **state)
{
    (void)state;
    struct person patient, other, doctor, relative, follower;
    char link[37];
    person_new(&patient, "patient");
    person_new(&other, "patient");
    person_new(&doctor, "doctor");
    person_new(&relative, "family_member");
    person_new(&follower, "family_member");
    person_link(&patient, &follower, NULL, link);
    const struct person *strangers[] = {&other, &doctor, &relative, &follower};
    for (size_t i = 0; i < 4; i++) {
        struct answer *none = expect_problem(post(strangers[i]->token, asking("medication_adherence", nobody_id()), "/reports"), 404, "not_found");
        expect_same_refusal(post(strangers[i]->token, asking("medication_adherence", patient.id), "/reports"), none);
        expect_same_refusal(post(strangers[i]->token, asking("prescription_history", patient.id), "/reports"), none);
    }
    expect_problem(post(relative.token, json_pack("{s:s}", "type", "medication_adherence"), "/reports"), 422, "patient.required");
    assert_int_equal(owner_count("SELECT count(*) FROM jobs WHERE patient_id = $1::uuid", patient.id, NULL), 0);
}

static void another_persons_report_is_as_good_as_none(void **state)
{
    (void)state;
    struct person patient, other, relative;
    char report[37], link[37];
    person_new(&patient, "patient");
    person_new(&other, "patient");
    person_new(&relative, "family_member");
    person_link(&patient, &relative, rights(true, true), link);
    ask(&patient, "medication_adherence", &patient, report);
    struct answer *none = expect_problem(get(other.token, "/reports/%s", nobody_id()), 404, "not_found");
    expect_same_refusal(get(other.token, "/reports/%s", report), none);
    expect_same_refusal(get(relative.token, "/reports/%s", report), none);
    assert_int_equal(answer_count(expect(get(relative.token, "/reports?patient_id=%s", patient.id), 200), "items"), 0);
}

/* view_reports is enough for figures; a list of prescriptions also takes view_prescriptions. */
static void each_right_opens_its_own_report(void **state)
{
    (void)state;
    struct person patient, relative;
    char report[37], link[37], medication[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    medication_of(&patient, medication);
    person_link(&patient, &relative, rights(true, false), link);
    ask(&relative, "medication_adherence", &patient, report);
    assert_string_equal(wait_for(report), "done");
    expect(get(relative.token, "/reports/%s", report), 200);
    expect_problem(post(relative.token, asking("prescription_history", patient.id), "/reports"), 404, "not_found");
    expect(patch(patient.token, json_pack("{s:o}", "permissions", rights(true, true)), "/family/members/%s", link), 200);
    ask(&relative, "prescription_history", &patient, report);
    assert_string_equal(wait_for(report), "done");
    assert_int_equal(answer_count(expect(get(relative.token, "/reports/%s", report), 200), "content.prescriptions"), 1);
}

static void a_right_taken_back_hides_what_was_made(void **state)
{
    (void)state;
    struct person patient, relative;
    char history[37], figures[37], link[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    person_link(&patient, &relative, rights(true, true), link);
    ask(&relative, "prescription_history", &patient, history);
    ask(&relative, "medication_adherence", &patient, figures);
    assert_string_equal(wait_for(history), "done");
    assert_string_equal(wait_for(figures), "done");
    struct answer *none = expect_problem(get(relative.token, "/reports/%s", nobody_id()), 404, "not_found");
    expect(patch(patient.token, json_pack("{s:o}", "permissions", rights(true, false)), "/family/members/%s", link), 200);
    expect_same_refusal(get(relative.token, "/reports/%s", history), none);
    expect(get(relative.token, "/reports/%s", figures), 200);
    expect(delete_(patient.token, "/family/members/%s", link), 204);
    expect_same_refusal(get(relative.token, "/reports/%s", figures), none);
    assert_int_equal(answer_count(expect(get(relative.token, "/reports"), 200), "items"), 0);
}

static void a_medicine_hidden_since_hides_the_report(void **state)
{
    (void)state;
    struct person patient, relative;
    char before[37], after[37], link[37], medication[37], other[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    medication_of(&patient, medication);
    medication_of(&patient, other);
    person_link(&patient, &relative, rights(true, true), link);
    ask(&relative, "prescription_history", &patient, before);
    assert_string_equal(wait_for(before), "done");
    expect(get(relative.token, "/reports/%s", before), 200);
    expect(patch(patient.token, json_pack("{s:[s]}", "hidden_medication_ids", medication), "/family/members/%s", link), 200);
    expect_problem(get(relative.token, "/reports/%s", before), 404, "not_found");
    ask(&relative, "prescription_history", &patient, after);
    assert_string_equal(wait_for(after), "done");
    struct answer *a = expect(get(relative.token, "/reports/%s", after), 200);
    assert_int_equal(answer_count(a, "content.prescriptions"), 1);
    assert_string_equal(answer_text(a, "content.prescriptions.0.medications.0.id"), other);
}

/* The job is put into the queue by hand, to run a second later: after the right is gone. */
static void revoked_before_it_is_made_it_ends_empty(void **state)
{
    (void)state;
    struct person patient, relative;
    char link[37], report[37], medication[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    medication_of(&patient, medication);
    person_link(&patient, &relative, rights(true, true), link);
    snprintf(report, sizeof report, "%s", owner_sql(
        "WITH job AS (INSERT INTO jobs (kind, user_id, patient_id, payload, run_after)"
        " VALUES ('report_prescription_history', $1::uuid, $2::uuid, jsonb_build_object('report_id', $3::uuid), now() + interval '2 seconds') RETURNING id)"
        " INSERT INTO ai_reports (id, user_id, patient_id, report_type, period_to, job_id)"
        " SELECT $3::uuid, $1::uuid, $2::uuid, 'prescription_history', current_date, id FROM job RETURNING id",
        relative.id, patient.id, nobody_id(), NULL));
    assert_string_equal(answer_text(expect(get(relative.token, "/reports/%s", report), 200), "status"), "queued");
    expect(delete_(patient.token, "/family/members/%s", link), 204);
    assert_string_equal(wait_for(report), "error");
    assert_string_equal(owner_sql("SELECT error FROM ai_reports WHERE id = $1::uuid", report, NULL), "report.not_permitted");
    assert_int_equal(owner_count("SELECT count(*) FROM ai_reports WHERE id = $1::uuid AND content IS NULL AND title IS NULL AND summary IS NULL",
                                 report, NULL), 1);
    assert_int_equal(owner_count("SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type = 'report.ready'", relative.id, NULL), 0);
    expect_problem(get(relative.token, "/reports/%s", report), 404, "not_found");
}

static void a_job_that_died_ends_the_report_in_error(void **state)
{
    (void)state;
    struct person p;
    char report[37];
    person_new(&p, "patient");
    snprintf(report, sizeof report, "%s", owner_sql(
        "WITH job AS (INSERT INTO jobs (kind, user_id, patient_id, payload, run_after)"
        " VALUES ('report_medication_adherence', $1::uuid, $1::uuid, '{}', now() + interval '1 hour') RETURNING id)"
        " INSERT INTO ai_reports (user_id, patient_id, report_type, job_id) SELECT $1::uuid, $1::uuid, 'medication_adherence', id FROM job RETURNING id",
        p.id, NULL));
    owner_sql("UPDATE jobs j SET status = 'dead', completed_at = now() FROM ai_reports r WHERE r.job_id = j.id AND r.id = $1::uuid RETURNING 1", report, NULL);
    struct answer *a = expect(get(p.token, "/reports/%s", report), 200);
    assert_string_equal(answer_text(a, "status"), "error");
    assert_string_equal(answer_text(a, "error"), "report.failed");
    assert_true(json_is_null(answer_at(a, "content")));
}

/* The patient reads in the access log who asked and who looked. */
static void looking_at_a_report_leaves_a_trace(void **state)
{
    (void)state;
    struct person patient, relative;
    char link[37], report[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    person_link(&patient, &relative, rights(true, true), link);
    ask(&relative, "medication_adherence", &patient, report);
    assert_string_equal(wait_for(report), "done");
    expect(get(relative.token, "/reports/%s", report), 200);
    static const char *const acts[] = {"report.request", "report.make", "report.view"};
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(owner_count("SELECT count(*) FROM audit_logs WHERE user_id = $1::uuid AND patient_id = $2::uuid"
                                     " AND resource_id = $3::uuid AND action = $4", relative.id, patient.id, report, acts[i], NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(strangers_are_told_it_does_not_exist, client_teardown),
        cmocka_unit_test_teardown(another_persons_report_is_as_good_as_none, client_teardown),
        cmocka_unit_test_teardown(each_right_opens_its_own_report, client_teardown),
        cmocka_unit_test_teardown(a_right_taken_back_hides_what_was_made, client_teardown),
        cmocka_unit_test_teardown(a_medicine_hidden_since_hides_the_report, client_teardown),
        cmocka_unit_test_teardown(revoked_before_it_is_made_it_ends_empty, client_teardown),
        cmocka_unit_test_teardown(a_job_that_died_ends_the_report_in_error, client_teardown),
        cmocka_unit_test_teardown(looking_at_a_report_leaves_a_trace, client_teardown),
    };
    return cmocka_run_group_tests_name("rights to reports", tests, NULL, NULL);
}
