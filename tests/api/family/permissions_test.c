/* Every combination of the six permissions against every route a relative can use: what is not granted is not found,
 * and so is everything after the link has ended. */
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

enum { VIEW_PRESCRIPTIONS = 1, VIEW_REMINDERS = 2, MANAGE_REMINDERS = 4, LOG_DOSES = 8, VIEW_REPORTS = 16, RECEIVE_ALERTS = 32, ALL = 63 };
static const char *const names[] = {"view_prescriptions", "view_reminders", "manage_reminders", "log_doses", "view_reports", "receive_alerts"};

static struct person patient, relative;
static char link_id[37], medication[37], as_needed[37], reminder[37], dose[37], made[37];

/* In a path or body $p stands for the patient, $m and $n for the medicines, $r for the reminder, $d for the dose, $t for a
 * time of day of this round. The order matters: acts on the dose undo each other. */
static const struct cell {
    unsigned needs;
    const char *method;
    const char *path;
    const char *body;
    int status; /* when granted */
} cells[] = {
    {VIEW_REMINDERS, "GET", "/family/patients/$p/today", NULL, 200},
    {VIEW_REMINDERS, "GET", "/doses?patient_id=$p", NULL, 200},
    {VIEW_REMINDERS, "GET", "/doses/today?patient_id=$p", NULL, 200},
    {VIEW_REMINDERS, "GET", "/doses/$d", NULL, 200},
    {VIEW_REMINDERS, "GET", "/adherence?patient_id=$p", NULL, 200},
    {VIEW_REMINDERS, "GET", "/reminders?patient_id=$p", NULL, 200},
    {VIEW_REMINDERS, "GET", "/reminders/$r", NULL, 200},
    {VIEW_REMINDERS, "POST", "/reminders/preview", "{\"patient_id\": \"$p\", \"scheduled_time\": \"08:00\", \"dose_amount\": 1}", 200},
    {LOG_DOSES, "POST", "/doses/$d/take", "{}", 200},
    {LOG_DOSES, "POST", "/doses/$d/undo", "{}", 200},
    {LOG_DOSES, "POST", "/doses/$d/snooze", "{\"minutes\": 5}", 200},
    {LOG_DOSES, "POST", "/doses/$d/undo", "{}", 200},
    {LOG_DOSES, "POST", "/doses/$d/skip", "{}", 200},
    {LOG_DOSES, "POST", "/doses/$d/undo", "{}", 200},
    {LOG_DOSES, "POST", "/doses/log", "{\"medication_id\": \"$n\", \"dose_taken\": 1}", 201},
    {RECEIVE_ALERTS, "POST", "/family/patients/$p/nudge", "{\"dose_id\": \"$d\"}", 201},
    {MANAGE_REMINDERS | VIEW_REMINDERS, "POST", "/reminders",
     "{\"medication_id\": \"$m\", \"time_slot\": \"custom\", \"scheduled_time\": \"$t\", \"start_date\": \"2198-01-01\", \"dose_amount\": 1}", 201},
    {MANAGE_REMINDERS | VIEW_REMINDERS, "PATCH", "/reminders/$r", "{\"critical\": true}", 200},
    {MANAGE_REMINDERS | VIEW_REMINDERS, "POST", "/reminders/$r/pause", "{}", 200},
    {MANAGE_REMINDERS | VIEW_REMINDERS, "POST", "/reminders/$r/resume", NULL, 200},
    {MANAGE_REMINDERS | VIEW_REMINDERS, "DELETE", "/reminders/$r", NULL, 204},
    {VIEW_PRESCRIPTIONS, "GET", "/prescriptions?patient_id=$p", NULL, 200},
    {VIEW_REPORTS, "POST", "/reports", "{\"type\": \"medication_adherence\", \"patient_id\": \"$p\", \"language\": \"en\"}", 202},
};

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    person_new(&relative, "family_member");
    person_link(&patient, &relative, NULL, link_id);
    medicine_new(&patient, false, medication);
    medicine_new(&patient, true, as_needed);
    owner_sql("UPDATE medications SET max_doses_per_day = NULL, min_interval_minutes = NULL WHERE id = $1::uuid", as_needed, NULL);
    reminder_new(&patient, medication, reminder);
    return 0;
}

static void fill(char *out, size_t size, const char *text, unsigned round)
{
    size_t n = 0;
    char time[8];
    snprintf(time, sizeof time, "%02u:%02u", round / 60, round % 60);
    for (; text && *text && n + 40 < size; text++) {
        if (*text != '$') {
            out[n++] = *text;
            continue;
        }
        char c = *++text;
        const char *value = c == 'p' ? patient.id : c == 'm' ? medication : c == 'n' ? as_needed : c == 'r' ? made : c == 'd' ? dose : time;
        n += (size_t)snprintf(out + n, size - n, "%s", value);
    }
    out[n] = '\0';
}

static void check_cell(const struct cell *cell, unsigned granted, unsigned round)
{
    char path[200], body[400];
    fill(path, sizeof path, cell->path, round);
    fill(body, sizeof body, cell->body, round);
    struct call call = {.method = cell->method, .path = path, .token = relative.token, .raw = cell->body ? body : NULL,
                        .raw_size = strlen(body), .content_type = "application/json"};
    struct answer *a = client_call(&call);
    int wanted = (granted & cell->needs) == cell->needs ? cell->status : 404;
    if (a->status != wanted)
        fail_msg("%s %s with permissions %u: %d instead of %d\n%s", cell->method, path, granted, a->status, wanted, a->body);
    if (wanted == 404)
        expect_problem(a, 404, "not_found");
}

static void set_permissions(unsigned granted)
{
    json_t *permissions = json_object();
    for (unsigned i = 0; i < 6; i++)
        json_object_set_new(permissions, names[i], json_boolean(granted & 1u << i));
    expect(patch(patient.token, json_pack("{s:o}", "permissions", permissions), "/family/members/%s", link_id), 200);
}

/* A dose that is due and a reminder of its own for each round, so that rounds do not get into each other's way. */
static void run_round(unsigned granted, unsigned round)
{
    char time[8];
    snprintf(time, sizeof time, "%02u:%02u", 12 + round / 60, round % 60);
    dose_new(reminder, -60, 7200, dose);
    json_t *wish = json_pack("{s:s, s:s, s:s, s:i, s:s}", "medication_id", medication, "time_slot", "custom", "scheduled_time", time,
                             "dose_amount", 1, "start_date", "2197-01-01");
    snprintf(made, sizeof made, "%s", answer_text(expect(post(patient.token, wish, "/reminders"), 201), "id"));
    for (size_t i = 0; i < sizeof cells / sizeof cells[0]; i++)
        check_cell(&cells[i], granted, round);
    client_forget();
}

static void what_is_not_granted_is_not_found(void **state)
{
    (void)state;
    for (unsigned granted = 0; granted <= ALL; granted++) {
        set_permissions(granted);
        run_round(granted, granted);
    }
}

static void an_ended_link_grants_nothing(void **state)
{
    (void)state;
    set_permissions(ALL);
    owner_sql("UPDATE family_relationships SET expires_at = now() WHERE id = $1::uuid", link_id, NULL);
    run_round(0, 70);
    owner_sql("UPDATE family_relationships SET expires_at = NULL WHERE id = $1::uuid AND status = 'active'", link_id, NULL);
    if (owner_count("SELECT count(*) FROM family_relationships WHERE id = $1::uuid AND status = 'active'", link_id, NULL) > 0)
        expect(delete_(patient.token, "/family/members/%s", link_id), 204);
    run_round(0, 71);
}

static long recorded(const char *action)
{
    return owner_count("SELECT count(*) FROM audit_logs WHERE patient_id = $1::uuid AND user_id = $2::uuid AND action = $3", patient.id,
                       relative.id, action, NULL);
}

/* What somebody else does with a patient's data is written down for them, once for each of the rounds that granted it. */
static void what_relatives_do_is_recorded(void **state)
{
    (void)state;
    assert_int_equal(recorded("dose.take"), 32);
    assert_int_equal(recorded("reminder.end"), 16);
    assert_true(recorded("view") >= 32 * 7);
    assert_int_equal(owner_count("SELECT count(*) FROM audit_verify()", NULL), 0);
}

/* A verified doctor with level full may look at reminders and doses, never act on them; anybody less sees nothing. */
static void doctors_only_look(void **state)
{
    (void)state;
    static const struct { const char *level, *status, *verification; int seen; } cases[] = {
        {"none", "active", "verified", 404},   {"request", "active", "verified", 404}, {"selected", "active", "verified", 404},
        {"full", "active", "verified", 200},   {"full", "active", "pending", 404},     {"full", "active", "rejected", 404},
        {"full", "requested", "verified", 404}, {"full", "revoked", "verified", 404},
    };
    struct person doctor;
    char seen_dose[37];
    person_new(&doctor, "doctor");
    dose_new(reminder, 3600, 7200, seen_dose);
    static const char *const verify = "UPDATE doctor_profiles SET verification_status = $2, verified_at = now(), verified_by = user_id"
                                      " WHERE user_id = $1::uuid";
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        owner_sql(verify, doctor.id, "verified", NULL); /* only then can there be a link */
        owner_sql("DELETE FROM doctor_patient_relationships WHERE doctor_id = $1::uuid", doctor.id, NULL);
        owner_sql("INSERT INTO doctor_patient_relationships (doctor_id, patient_id, level, status, revoked_at)"
                  " VALUES ($1::uuid, $2::uuid, $3, $4, CASE WHEN $4 = 'revoked' THEN now() END)", doctor.id, patient.id, cases[i].level,
                  cases[i].status, NULL);
        owner_sql(verify, doctor.id, cases[i].verification, NULL);
        expect(get(doctor.token, "/doses?patient_id=%s", patient.id), cases[i].seen);
        expect(get(doctor.token, "/doses/%s", seen_dose), cases[i].seen);
        expect(get(doctor.token, "/reminders/%s", reminder), cases[i].seen);
        expect(get(doctor.token, "/adherence?patient_id=%s", patient.id), cases[i].seen);
        expect_problem(post(doctor.token, NULL, "/doses/%s/take", seen_dose), 404, "not_found");
        expect_problem(delete_(doctor.token, "/reminders/%s", reminder), 404, "not_found");
        expect_problem(get(doctor.token, "/family/patients/%s/today", patient.id), 403, "auth.role_not_allowed");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_granted_is_not_found),
        cmocka_unit_test(an_ended_link_grants_nothing),
        cmocka_unit_test(what_relatives_do_is_recorded),
        cmocka_unit_test(doctors_only_look),
    };
    return cmocka_run_group_tests_name("permissions", tests, make_people, NULL);
}
