/* Medicines, reminders and doses for tests. */
#include "course.h"

#include <stdio.h>

#include "expect.h"
#include "owner.h"

void medicine_new(const struct person *patient, bool as_needed, char id[37])
{
    snprintf(id, 37, "%s", owner_sql(
        "WITH p AS (INSERT INTO prescriptions (patient_id, created_by, status, source, confirmed_at, confirmed_by)"
        "           VALUES ($1::uuid, $1::uuid, 'completed', 'manual', now(), $1::uuid) RETURNING id, patient_id)"
        " INSERT INTO medications (prescription_id, patient_id, sequence_number, name, strength, form, dose_morning, as_needed,"
        "                          max_doses_per_day, min_interval_minutes)"
        " SELECT id, patient_id, 1, 'Paracetamol', '500 mg', 'tablet', CASE WHEN $2::boolean THEN 0 ELSE 1 END, $2::boolean,"
        "        CASE WHEN $2::boolean THEN 3 END, CASE WHEN $2::boolean THEN 60 END"
        "   FROM p RETURNING id", patient->id, as_needed ? "t" : "f", NULL));
}

void reminder_new(const struct person *patient, const char *medication_id, char id[37])
{
    json_t *body = json_pack("{s:s, s:s, s:s, s:i, s:s}", "medication_id", medication_id, "time_slot", "custom",
                             "scheduled_time", "08:00", "dose_amount", 1, "start_date", "2199-01-01");
    snprintf(id, 37, "%s", answer_text(expect(post(patient->token, body, "/reminders"), 201), "id"));
}

void dose_new(const char *reminder_id, int due_in_s, int grace_s, char id[37])
{
    char due[16], grace[16];
    snprintf(due, sizeof due, "%d", due_in_s);
    snprintf(grace, sizeof grace, "%d", grace_s);
    snprintf(id, 37, "%s", owner_sql(
        "INSERT INTO medication_reminder_logs (id, reminder_id, medication_id, patient_id, scheduled_date, scheduled_time,"
        "            time_slot, timezone, due_at, fire_at, grace_until, dose_amount)"
        " SELECT dose_uuid(w.wall::date, w.wall::time), r.id, r.medication_id, r.patient_id, w.wall::date, w.wall::time,"
        "        r.time_slot, r.timezone, d.at, d.at, d.at + $3::int * interval '1 second', 1"
        "   FROM medication_reminders r, (SELECT now() + $2::int * interval '1 second' AS at) AS d,"
        "        LATERAL (SELECT d.at AT TIME ZONE r.timezone AS wall) AS w"
        "  WHERE r.id = $1::uuid RETURNING id", reminder_id, due, grace, NULL));
}

void dose_of(const struct person *patient, char medication_id[37], char dose_id[37])
{
    char reminder_id[37];
    medicine_new(patient, false, medication_id);
    reminder_new(patient, medication_id, reminder_id);
    dose_new(reminder_id, 3600, 7200, dose_id);
}

const char *dose_status(const char *id)
{
    return owner_sql("SELECT status FROM medication_reminder_logs WHERE id = $1::uuid", id, NULL);
}
