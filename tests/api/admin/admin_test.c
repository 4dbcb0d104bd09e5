/* Administrators: who may, what ends when an account is closed, doctors' verification, the log; and what stays closed. */
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

/* The first administrator is made by the operator. */
static void admin_new(struct person *p)
{
    person_register(p);
    owner_sql("UPDATE users SET role = 'admin', onboarding_status = 'active' WHERE id = $1::uuid", p->id, NULL);
    person_login(p);
}

static struct answer *set_active(const struct person *admin, const char *id, bool active, const char *reason)
{
    json_t *body = json_pack("{s:b}", "is_active", active);
    if (reason)
        json_object_set_new(body, "reason", json_string(reason));
    return patch(admin->token, body, "/admin/users/%s", id);
}

static void others_may_nothing(void **state)
{
    (void)state;
    static const char *const roles[] = {"patient", "doctor", "family_member"};
    static const char *const paths[] = {"/admin/users", "/admin/audit-logs", "/admin/queues", "/admin/queues/jobs", "/admin/statistics"};
    for (size_t i = 0; i < 3; i++) {
        struct person p;
        person_new(&p, roles[i]);
        for (size_t k = 0; k < sizeof paths / sizeof *paths; k++)
            expect_problem(get(p.token, "%s", paths[k]), 403, "auth.role_not_allowed");
        expect_problem(set_active(&p, nobody_id(), false, "x"), 403, "auth.role_not_allowed");
        expect_problem(post(p.token, NULL, "/admin/doctors/%s/verify", p.id), 403, "auth.role_not_allowed");
        expect_problem(post(p.token, json_pack("{s:s}", "role", "admin"), "/admin/users/%s/role", p.id), 403, "auth.role_not_allowed");
    }
    expect_problem(get(NULL, "/admin/users"), 401, "auth.token_missing");
}

static void users_are_found(void **state)
{
    (void)state;
    struct person admin, p;
    admin_new(&admin);
    person_new(&p, "patient");
    struct answer *a = expect(get(admin.token, "/admin/users?q=%s", p.email), 200);
    assert_int_equal(answer_count(a, "items"), 1);
    assert_string_equal(answer_text(a, "items.0.id"), p.id);
    assert_null(answer_at(a, "items.0.password_hash"));
    assert_null(strstr(a->body, "argon2"));
    a = expect(get(admin.token, "/admin/users?q=%s&role=doctor", p.email), 200);
    assert_int_equal(answer_count(a, "items"), 0);
    a = expect(get(admin.token, "/admin/users?limit=1"), 200);
    assert_int_equal(answer_count(a, "items"), 1);
    assert_non_null(answer_text(a, "next_cursor"));
    expect_problem(get(admin.token, "/admin/users?role=king"), 400, "request.invalid_fields");
    expect_problem(get(admin.token, "/admin/users/%s", nobody_id()), 404, "not_found");
}

static void a_closed_account_is_out_at_once(void **state)
{
    (void)state;
    struct person admin, p;
    admin_new(&admin);
    person_new(&p, "patient");
    expect_fault(set_active(&admin, p.id, false, NULL), "/reason", "required");
    expect_problem(set_active(&admin, nobody_id(), false, "x"), 404, "not_found");
    expect_problem(set_active(&admin, admin.id, false, "x"), 409, "admin.not_oneself");
    struct answer *a = expect(set_active(&admin, p.id, false, "asked by phone"), 200);
    assert_false(answer_true(a, "is_active"));
    a = expect_problem(get(p.token, "/prescriptions"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "deactivated");
    expect_problem(post(NULL, json_pack("{s:s}", "refresh_token", p.refresh), "/auth/refresh"), 401, "auth.session_ended");
    expect(set_active(&admin, p.id, true, NULL), 200);
    expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended"); /* sessions stay ended */
    person_login(&p);
    expect(get(p.token, "/auth/me"), 200);
}

static void doctors_are_verified_or_rejected(void **state)
{
    (void)state;
    struct person admin, doctor, patient;
    admin_new(&admin);
    person_new(&doctor, "doctor");
    person_new(&patient, "patient");
    expect_problem(post(admin.token, NULL, "/admin/doctors/%s/verify", patient.id), 404, "not_found");
    struct answer *a = expect(post(admin.token, NULL, "/admin/doctors/%s/verify", doctor.id), 200);
    assert_string_equal(answer_text(a, "doctor.verification_status"), "verified");
    assert_string_equal(answer_text(a, "doctor.verified_by"), admin.id);
    assert_true(answer_true(expect(get(doctor.token, "/auth/me"), 200), "profile.verified"));
    expect_fault(post(admin.token, json_object(), "/admin/doctors/%s/reject", doctor.id), "/reason", "required");
    expect(post(admin.token, json_pack("{s:s}", "reason", "licence not found"), "/admin/doctors/%s/reject", doctor.id), 200);
    a = expect(get(doctor.token, "/auth/me"), 200);
    assert_false(answer_true(a, "profile.verified"));
    assert_string_equal(answer_text(a, "profile.rejection_reason"), "licence not found");
}

static void a_granted_role_ends_sessions(void **state)
{
    (void)state;
    struct person admin, next, patient;
    admin_new(&admin);
    person_register(&next);
    person_new(&patient, "patient");
    expect_fault(post(admin.token, json_pack("{s:s}", "role", "doctor"), "/admin/users/%s/role", next.id), "/role", "choice");
    expect_problem(post(admin.token, json_pack("{s:s}", "role", "admin"), "/admin/users/%s/role", patient.id), 409, "admin.role_in_use");
    expect(post(admin.token, json_pack("{s:s}", "role", "admin"), "/admin/users/%s/role", next.id), 200);
    struct answer *a = expect_problem(get(next.token, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "role_change");
    person_login(&next);
    expect(get(next.token, "/admin/users?limit=1"), 200);
}

static void acts_want_a_recent_proof(void **state)
{
    (void)state;
    struct person admin, p;
    admin_new(&admin);
    person_new(&p, "patient");
    owner_sql("UPDATE user_sessions SET verified_at = now() - interval '6 minutes' WHERE user_id = $1::uuid", admin.id, NULL);
    expect(get(admin.token, "/admin/users?limit=1"), 200);
    expect_problem(set_active(&admin, p.id, false, "x"), 403, "auth.step_up_required");
    expect(get(p.token, "/auth/me"), 200);
}

static void the_log_is_filtered_and_keeps_what_admins_do(void **state)
{
    (void)state;
    struct person admin, p;
    admin_new(&admin);
    person_new(&p, "patient");
    expect(set_active(&admin, p.id, false, "asked"), 200);
    struct answer *a = expect(get(admin.token, "/admin/audit-logs?resource_id=%s&action=admin.user_deactivated", p.id), 200);
    assert_int_equal(answer_count(a, "items"), 1);
    assert_string_equal(answer_text(a, "items.0.user_id"), admin.id);
    assert_string_equal(answer_text(a, "items.0.detail.reason"), "asked");
    a = expect(get(admin.token, "/admin/audit-logs?user_id=%s&action=account.registered&to=2001-01-01T00:00:00Z", p.id), 200);
    assert_int_equal(answer_count(a, "items"), 0);
    a = expect(get(admin.token, "/admin/audit-logs?user_id=%s&action=admin.view&limit=1", admin.id), 200);
    assert_int_equal(answer_count(a, "items"), 1);
    expect_problem(get(admin.token, "/admin/audit-logs?user_id=x"), 400, "request.invalid_fields");
}

/* Neither health data nor passwords: not by a route, not by the program's database role. */
static void health_data_and_passwords_stay_closed(void **state)
{
    (void)state;
    static const char *const paths[] = {"/prescriptions", "/medications", "/doses/today", "/reminders", "/family/members"};
    static const char *const tables[] = {"prescriptions", "medications", "medication_reminder_logs", "medication_reminders", "dose_events",
                                         "patient_profiles", "clinical_notes", "ai_reports", "medication_provenance"};
    struct person admin, p;
    admin_new(&admin);
    person_new(&p, "patient");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct answer *a = get(admin.token, "%s?patient_id=%s", paths[i], p.id);
        assert_true(a->status == 403 || a->status == 404 || a->status == 400);
        assert_null(answer_at(a, "items"));
    }
    expect_fault(patch(admin.token, json_pack("{s:b, s:s}", "is_active", true, "password", "x"), "/admin/users/%s", p.id), "/password", "unknown");
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        assert_string_equal(owner_sql("SELECT has_table_privilege('dastern_admin', $1, 'SELECT')::text", tables[i], NULL), "false");
    assert_string_equal(owner_sql("SELECT has_column_privilege('dastern_admin', 'users', 'password_hash', 'SELECT')::text", NULL), "false");
    assert_string_equal(owner_sql("SELECT has_column_privilege('dastern_admin', 'users', 'password_hash', 'UPDATE')::text", NULL), "false");
}

static void dead_jobs_are_seen_and_tried_again(void **state)
{
    (void)state;
    struct person admin;
    char id[37];
    admin_new(&admin);
    snprintf(id, sizeof id, "%s", owner_sql("INSERT INTO jobs (kind, status, attempts, completed_at, last_error) "
                                              "VALUES ('nobody_takes_this', 'dead', 5, now(), 'test') RETURNING id", NULL));
    struct answer *a = expect(get(admin.token, "/admin/queues/jobs?queue=jobs"), 200);
    assert_string_equal(answer_text(a, "items.0.id"), id);
    expect(get(admin.token, "/admin/queues"), 200);
    expect(post(admin.token, NULL, "/admin/queues/jobs/%s/retry", id), 204);
    expect_problem(post(admin.token, NULL, "/admin/queues/jobs/%s/retry", id), 404, "not_found");
    assert_string_equal(owner_sql("SELECT status FROM jobs WHERE id = $1::uuid", id, NULL), "queued");
    owner_sql("DELETE FROM jobs WHERE id = $1::uuid", id, NULL);
    a = expect(get(admin.token, "/admin/statistics"), 200);
    assert_true(answer_number(a, "users.admin") >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(others_may_nothing),
        cmocka_unit_test(users_are_found),
        cmocka_unit_test(a_closed_account_is_out_at_once),
        cmocka_unit_test(doctors_are_verified_or_rejected),
        cmocka_unit_test(a_granted_role_ends_sessions),
        cmocka_unit_test(acts_want_a_recent_proof),
        cmocka_unit_test(the_log_is_filtered_and_keeps_what_admins_do),
        cmocka_unit_test(health_data_and_passwords_stay_closed),
        cmocka_unit_test(dead_jobs_are_seen_and_tried_again),
    };
    return cmocka_run_group_tests_name("admin", tests, owner_forgive, NULL);
}
