/* The running scheduler: due doses are told once, missed ones found, relatives alerted as far as they may know. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
/* after the standard headers it needs */
#include <cmocka.h>

#include "course.h"
#include "expect.h"
#include "owner.h"
#include "people.h"

#define PATIENCE_MS 5000

static struct person patient;

static int make_people(void **state)
{
    (void)state;
    person_new(&patient, "patient");
    return 0;
}

/* Looks every 20 ms until the count is what is wanted; fails when PATIENCE_MS are over. */
static void await_count(long wanted, const char *sql, const char *param)
{
    long count = -1;
    for (int waited = 0; waited < PATIENCE_MS; waited += 20) {
        count = owner_count(sql, param, NULL);
        if (count == wanted)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000L}, NULL);
    }
    fail_msg("%ld instead of %ld: %s", count, wanted, sql);
}

static const char *const told_of = "SELECT count(*) FROM notifications WHERE type = 'dose.due' AND data ->> 'dose_id' = $1";

static void a_due_dose_is_told_once(void **state)
{
    (void)state;
    char medication[37], reminder[37], dose[37];
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    dose_new(reminder, 1, 3600, dose);
    await_count(1, told_of, dose);
    assert_int_equal(owner_count("SELECT count(*) FROM medication_reminder_logs WHERE id = $1::uuid AND fired_at - due_at < interval '2 seconds'"
                                 " AND fired_at >= due_at AND fire_count = 1 AND status = 'pending'", dose, NULL), 1);
    assert_true(owner_count("SELECT count(*) FROM outbox WHERE dedupe_key LIKE 'dose.due:' || $1 || ':%'", dose, NULL) >= 1);
    struct answer *a = expect(get(patient.token, "/notifications"), 200);
    assert_string_equal(answer_text(a, "items.0.data.dose_id"), dose);
    nanosleep(&(struct timespec){.tv_sec = 2}, NULL); /* two more rounds */
    assert_int_equal(owner_count(told_of, dose, NULL), 1);
}

static void settled_doses_are_not_told(void **state)
{
    (void)state;
    char medication[37], reminder[37], dose[37], last[37];
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    dose_new(reminder, 2, 3600, dose);
    expect(post(patient.token, NULL, "/doses/%s/take", dose), 200);
    dose_new(reminder, 3, 3600, last);
    await_count(1, told_of, last);
    assert_int_equal(owner_count(told_of, dose, NULL), 0);
}

static void a_snoozed_dose_is_told_again(void **state)
{
    (void)state;
    char medication[37], reminder[37], dose[37];
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    dose_new(reminder, 0, 3600, dose);
    await_count(1, told_of, dose);
    expect(post(patient.token, json_pack("{s:i}", "minutes", 5), "/doses/%s/snooze", dose), 200);
    owner_sql("UPDATE medication_reminder_logs SET fire_at = now() WHERE id = $1::uuid", dose, NULL); /* five minutes pass */
    await_count(2, told_of, dose);
    assert_string_equal(dose_status(dose), "pending");
}

/* A relative with these permissions; writes the person and the link. */
static void relative_new(struct person *relative, const char *permissions, char link[37])
{
    person_new(relative, "family_member");
    person_link(&patient, relative, json_loads(permissions, 0, NULL), link);
}

static void a_missed_dose_alerts_those_who_may_know(void **state)
{
    (void)state;
    struct person sees, blind, silent, hidden, ended;
    char medication[37], reminder[37], dose[37], link[37];
    medicine_new(&patient, false, medication);
    reminder_new(&patient, medication, reminder);
    relative_new(&sees, "{}", link);
    relative_new(&blind, "{\"view_reminders\": false}", link);
    relative_new(&silent, "{\"receive_alerts\": false}", link);
    relative_new(&hidden, "{}", link);
    expect(patch(patient.token, json_pack("{s:[s]}", "hidden_medication_ids", medication), "/family/members/%s", link), 200);
    relative_new(&ended, "{}", link);
    expect(delete_(patient.token, "/family/members/%s", link), 204);
    dose_new(reminder, -60, 61, dose);
    await_count(1, "SELECT count(*) FROM medication_reminder_logs WHERE id = $1::uuid AND status = 'missed'", dose);
    static const char *const alerts = "SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND type IN ('dose.missed', 'family.dose_missed')"
                                      " AND data ->> 'dose_id' = $2";
    assert_int_equal(owner_count(alerts, patient.id, dose, NULL), 1);
    assert_int_equal(owner_count(alerts, sees.id, dose, NULL), 1);
    assert_int_equal(owner_count(alerts, blind.id, dose, NULL), 1);
    assert_int_equal(owner_count(alerts, silent.id, dose, NULL), 0);
    assert_int_equal(owner_count(alerts, hidden.id, dose, NULL), 0);
    assert_int_equal(owner_count(alerts, ended.id, dose, NULL), 0);
    static const char *const names_it = "SELECT count(*) FROM notifications WHERE user_id = $1::uuid AND data ->> 'dose_id' = $2"
                                        " AND (message || title || data::text) LIKE '%Paracetamol%'";
    assert_int_equal(owner_count(names_it, sees.id, dose, NULL), 1);
    assert_int_equal(owner_count(names_it, blind.id, dose, NULL), 0);
    assert_int_equal(owner_count("SELECT count(*) FROM dose_events WHERE dose_id = $1::uuid AND event = 'miss'", dose, NULL), 1);
}

static void plans_are_carried_to_the_horizon(void **state)
{
    (void)state;
    char medication[37], reminder[37];
    medicine_new(&patient, false, medication);
    json_t *wish = json_pack("{s:s, s:s, s:s, s:i}", "medication_id", medication, "time_slot", "custom", "scheduled_time",
                             "08:00", "dose_amount", 1);
    snprintf(reminder, sizeof reminder, "%s", answer_text(expect(post(patient.token, wish, "/reminders"), 201), "id"));
    /* as if a week had passed since it was planned */
    owner_sql("DELETE FROM medication_reminder_logs WHERE reminder_id = $1::uuid AND scheduled_date > current_date + 7", reminder, NULL);
    owner_sql("UPDATE medication_reminders SET materialized_until = current_date + 7 WHERE id = $1::uuid", reminder, NULL);
    await_count(1, "SELECT count(*) FROM medication_reminder_logs WHERE reminder_id = $1::uuid AND scheduled_date = current_date + 13", reminder);
    assert_int_equal(owner_count("SELECT count(*) - count(DISTINCT scheduled_date) FROM medication_reminder_logs"
                                 " WHERE reminder_id = $1::uuid", reminder, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_due_dose_is_told_once),
        cmocka_unit_test(settled_doses_are_not_told),
        cmocka_unit_test(a_snoozed_dose_is_told_again),
        cmocka_unit_test(a_missed_dose_alerts_those_who_may_know),
        cmocka_unit_test(plans_are_carried_to_the_horizon),
    };
    return cmocka_run_group_tests_name("scheduler", tests, make_people, NULL);
}
