/* Rights over one's data: the access log, the copy of everything, deletion and its taking back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "course.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

static struct answer *delete_me(const struct person *p, const char *password)
{
    return client_call(&(struct call){.method = "DELETE", .path = "/auth/me", .token = p->token, .json = json_pack("{s:s}", "password", password)});
}

static void the_access_log_names_who_looked(void **state)
{
    (void)state;
    struct person patient, relative, stranger;
    char link[37], medicine[37], dose[37];
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    person_new(&stranger, "patient");
    person_link(&patient, &relative, json_pack("{s:b}", "view_reminders", true), link);
    dose_of(&patient, medicine, dose);
    expect(get(relative.token, "/family/patients/%s/today", patient.id), 200);
    struct answer *a = expect(get(patient.token, "/auth/access-log?others=true&limit=1"), 200);
    assert_string_equal(answer_text(a, "items.0.by.id"), relative.id);
    assert_string_equal(answer_text(a, "items.0.by.name"), "Sok Dara");
    assert_string_equal(answer_text(a, "items.0.through"), "family_link");
    assert_string_equal(answer_text(a, "items.0.action"), "view");
    a = expect(get(stranger.token, "/auth/access-log?others=true"), 200);
    assert_int_equal(answer_count(a, "items"), 0);
}

static void the_access_log_has_pages(void **state)
{
    (void)state;
    struct person p;
    char cursor[256], first[37];
    person_new(&p, "patient");
    struct answer *a = expect(get(p.token, "/auth/access-log?limit=2"), 200);
    assert_int_equal(answer_count(a, "items"), 2);
    snprintf(cursor, sizeof cursor, "%s", answer_text(a, "next_cursor"));
    snprintf(first, sizeof first, "%s", answer_text(a, "items.1.id"));
    a = expect(get(p.token, "/auth/access-log?limit=2&cursor=%s", cursor), 200);
    assert_string_not_equal(answer_text(a, "items.0.id"), first);
    expect_problem(get(p.token, "/auth/access-log?user_id=%s", p.id), 400, "request.invalid_fields");
}

static void the_export_is_whole_and_has_no_secrets(void **state)
{
    (void)state;
    struct person p;
    char medicine[37], dose[37];
    person_new(&p, "patient");
    dose_of(&p, medicine, dose);
    struct answer *a = expect(get(p.token, "/auth/me/export"), 200);
    assert_string_equal(answer_text(a, "account.email"), p.email);
    assert_string_equal(answer_text(a, "profile.date_of_birth"), "1980-04-13");
    assert_string_equal(answer_text(a, "medications.0.id"), medicine);
    assert_true(answer_count(a, "doses") >= 1);
    assert_true(answer_count(a, "reminders") >= 1);
    assert_true(answer_count(a, "access_log") >= 3);
    assert_null(strstr(a->body, "argon2"));
    assert_null(strstr(a->body, "refresh_token\""));
}

static void the_export_wants_a_recent_proof(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    owner_sql("UPDATE user_sessions SET verified_at = now() - interval '6 minutes' WHERE user_id = $1::uuid", p.id, NULL);
    expect_problem(get(p.token, "/auth/me/export"), 403, "auth.step_up_required");
    expect(post(p.token, json_pack("{s:s}", "password", PERSON_PASSWORD), "/auth/step-up"), 204);
    expect(get(p.token, "/auth/me/export"), 200);
}

static void deletion_is_taken_back_by_signing_in(void **state)
{
    (void)state;
    struct person p;
    person_new(&p, "patient");
    expect_problem(delete_me(&p, "not it"), 403, "auth.password_wrong");
    expect(get(p.token, "/auth/me"), 200);
    struct answer *a = expect(delete_me(&p, PERSON_PASSWORD), 202);
    assert_non_null(answer_text(a, "deletion_scheduled_at"));
    a = expect_problem(get(p.token, "/auth/me"), 401, "auth.session_ended");
    assert_string_equal(answer_text(a, "reason"), "deletion");
    assert_int_equal(owner_count("SELECT count(*) FROM users WHERE id = $1::uuid AND deletion_scheduled_at BETWEEN now() + interval '29 days 23 hours' "
                                 "AND now() + interval '30 days'", p.id, NULL), 1);
    person_login(&p);
    assert_int_equal(owner_count("SELECT count(*) FROM users WHERE id = $1::uuid AND deletion_scheduled_at IS NULL", p.id, NULL), 1);
    expect(get(p.token, "/auth/me"), 200);
}

/* An empty file among those that the stack keeps for people. */
static void file_new(const char *name, char path[4096])
{
    snprintf(path, 4096, "%s/storage/%s", getenv("DASTERN_VAR"), name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
}

/* Puts a picture where the prescriptions area keeps them, and its row. */
static void picture_new(const struct person *p, char path[4096])
{
    char name[64];
    snprintf(name, sizeof name, "%s.jpg", nobody_id());
    owner_sql("INSERT INTO prescriptions (patient_id, created_by, source, original_image_url) VALUES ($1::uuid, $1::uuid, 'upload', $2)",
              p->id, name, NULL);
    file_new(name, path);
}

/* What a worker that was killed leaves of an export. */
static void half_export_new(const struct person *p, char path[4096])
{
    char name[80];
    snprintf(name, sizeof name, "%s.export.zip.part",
             owner_sql("INSERT INTO jobs (kind, user_id, status, completed_at) VALUES ('export', $1::uuid, 'dead', now()) RETURNING id", p->id, NULL));
    file_new(name, path);
}

static bool gone_within(const char *path, int seconds)
{
    for (int i = 0; i < seconds * 10 && access(path, F_OK) == 0; i++)
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    return access(path, F_OK) != 0;
}

/* Waits for the worker; returns the path below /api/v1 that the file is fetched from. */
static const char *await_export(const struct person *p, const char *id)
{
    static char path[200];
    for (int i = 0; i < 100; i++) {
        struct answer *a = expect(get(p->token, "/auth/me/exports/%s", id), 200);
        if (strcmp(answer_text(a, "status"), "done") == 0) {
            snprintf(path, sizeof path, "@%s", answer_text(a, "url"));
            return path;
        }
        assert_string_not_equal(answer_text(a, "status"), "error");
        nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    }
    fail_msg("the export was not made");
    return NULL;
}

static void the_export_with_pictures_is_a_file_of_ones_own(void **state)
{
    (void)state;
    struct person p, stranger;
    char path[4096], id[37];
    if (!getenv("DASTERN_VAR"))
        skip();
    person_new(&p, "patient");
    person_new(&stranger, "patient");
    picture_new(&p, path);
    struct answer *a = expect(post(p.token, NULL, "/auth/me/exports"), 202);
    snprintf(id, sizeof id, "%s", answer_text(a, "id"));
    assert_non_null(strstr(answer_header(a, "Location"), id));
    const char *file = await_export(&p, id);
    a = expect(get(p.token, "%s", file), 200);
    assert_string_equal(answer_header(a, "Content-Type"), "application/zip");
    assert_int_equal(memcmp(a->body, "PK", 2), 0);
    assert_non_null(memmem(a->body, a->size, "export.json", 11));
    assert_non_null(memmem(a->body, a->size, strrchr(path, '/') + 1, strlen(strrchr(path, '/') + 1)));
    expect_same_refusal(expect_problem(get(stranger.token, "%s", file), 404, "not_found"),
                        get(stranger.token, "/auth/me/exports/%s/file", nobody_id()));
    expect_problem(get(stranger.token, "/auth/me/exports/%s", id), 404, "not_found");
    owner_sql("UPDATE user_sessions SET verified_at = now() - interval '6 minutes' WHERE user_id = $1::uuid", p.id, NULL);
    expect_problem(get(p.token, "%s", file), 403, "auth.step_up_required"); /* it may lie there for hours */
    owner_sql("UPDATE jobs SET completed_at = now() - interval '25 hours' WHERE id = $1::uuid", id, NULL);
    expect_problem(get(p.token, "%s", file), 404, "not_found");
    expect_problem(post(p.token, NULL, "/auth/me/exports"), 403, "auth.step_up_required");
}

/* The worker looks once a minute; the test does what it does at that moment. */
static void erasure_leaves_a_pseudonym(void **state)
{
    (void)state;
    struct person p, relative;
    char link[37], medicine[37], dose[37], path[4096], half[4096];
    if (!getenv("DASTERN_VAR"))
        skip();
    person_new(&p, "patient");
    person_new(&relative, "family_member");
    person_link(&p, &relative, NULL, link);
    dose_of(&p, medicine, dose);
    expect(post(p.token, json_object(), "/doses/%s/take", dose), 200);
    picture_new(&p, path);
    half_export_new(&p, half);
    expect(delete_me(&p, PERSON_PASSWORD), 202);
    owner_sql("UPDATE users SET deletion_scheduled_at = now() - interval '1 second' WHERE id = $1::uuid", p.id, NULL);
    for (int i = 0; i < 50 && owner_count("SELECT count(*) FROM users WHERE deletion_scheduled_at <= now()", NULL) > 0; i++)
        owner_sql("SELECT account_erase_next()", NULL);
    static const char *const tables[] = {"prescriptions", "medications", "medication_reminders", "medication_reminder_logs", "dose_events",
                                         "family_relationships", "family_invitations", "family_connection_requests", "medication_provenance"};
    char sql[160];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE patient_id = $1::uuid", tables[i]);
        assert_int_equal(owner_count(sql, p.id, NULL), 0);
    }
    static const char *const own[] = {"patient_profiles", "user_sessions", "notifications", "outbox", "verification_codes"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE user_id = $1::uuid", own[i]);
        assert_int_equal(owner_count(sql, p.id, NULL), 0);
    }
    assert_int_equal(owner_count("SELECT count(*) FROM users WHERE id = $1::uuid AND first_name = 'Erased' AND NOT is_active", p.id, NULL), 1);
    assert_true(owner_count("SELECT count(*) FROM audit_logs WHERE user_id = $1::uuid", p.id, NULL) > 0);
    assert_int_equal(owner_count("SELECT count(*) FROM audit_logs WHERE detail::text LIKE '%' || $1 || '%'", p.email, NULL), 0);
    assert_true(gone_within(path, 10));
    assert_true(gone_within(half, 10));
    expect_problem(post(NULL, json_pack("{s:s, s:s}", "email", p.email, "password", PERSON_PASSWORD), "/auth/login"), 401, "auth.invalid_credentials");
    assert_int_equal(answer_count(expect(get(relative.token, "/family/patients"), 200), "items"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_access_log_names_who_looked, owner_forgive),
        cmocka_unit_test_setup(the_access_log_has_pages, owner_forgive),
        cmocka_unit_test_setup(the_export_is_whole_and_has_no_secrets, owner_forgive),
        cmocka_unit_test_setup(the_export_wants_a_recent_proof, owner_forgive),
        cmocka_unit_test_setup(deletion_is_taken_back_by_signing_in, owner_forgive),
        cmocka_unit_test_setup(the_export_with_pictures_is_a_file_of_ones_own, owner_forgive),
        cmocka_unit_test_setup(erasure_leaves_a_pseudonym, owner_forgive),
    };
    return cmocka_run_group_tests_name("auth: rights over one's data", tests, NULL, NULL);
}
