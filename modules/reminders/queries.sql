-- Schedule templates, reminders, doses, adherence; and the rounds of scheduler_worker. What one may see is decided by
-- allowed_patient and its kin (database/functions/access.sql), what a thing looks like by the views of reminder_cards.sql.

-- --- schedule templates ---

-- name: list_schedule_templates
SELECT t.id, t.user_id IS NULL AS is_system, t.name, t.morning_time, t.noon_time, t.evening_time, t.night_time, t.is_default,
       t.created_at, t.updated_at, t.id AS _cursor_1
  FROM medication_schedule_templates t
 WHERE (t.user_id IS NULL OR t.user_id = app_user_id()) AND t.archived_at IS NULL
   AND t.id > coalesce(:cursor_1::uuid, '00000000-0000-0000-0000-000000000000')
 ORDER BY t.id
 LIMIT :limit::int + 1;

-- name: create_schedule_template
INSERT INTO medication_schedule_templates AS t (user_id, name, morning_time, noon_time, evening_time, night_time, is_default)
VALUES (app_user_id(), :name::text, :morning_time::time, :noon_time::time, :evening_time::time, :night_time::time, :is_default::boolean)
RETURNING t.id, false AS is_system, t.name, t.morning_time, t.noon_time, t.evening_time, t.night_time, t.is_default,
          t.created_at, t.updated_at, row_etag(t.updated_at) AS _etag, '/api/v1/schedule-templates/' || t.id AS _location;

-- name: get_schedule_template
SELECT t.id, t.user_id IS NULL AS is_system, t.name, t.morning_time, t.noon_time, t.evening_time, t.night_time, t.is_default,
       t.created_at, t.updated_at, row_etag(t.updated_at) AS _etag
  FROM medication_schedule_templates t
 WHERE t.id = :template_id::uuid AND (t.user_id IS NULL OR t.user_id = app_user_id()) AND t.archived_at IS NULL;

-- name: change_schedule_template
UPDATE medication_schedule_templates t
   SET name = coalesce(:name::text, t.name), morning_time = coalesce(:morning_time::time, t.morning_time),
       noon_time = coalesce(:noon_time::time, t.noon_time), evening_time = coalesce(:evening_time::time, t.evening_time),
       night_time = coalesce(:night_time::time, t.night_time), is_default = coalesce(:is_default::boolean, t.is_default)
 WHERE t.id = own_template(:template_id::uuid) AND etag_matches(:if_match::text, row_etag(t.updated_at))
RETURNING t.id, false AS is_system, t.name, t.morning_time, t.noon_time, t.evening_time, t.night_time, t.is_default,
          t.created_at, t.updated_at, row_etag(t.updated_at) AS _etag;

-- Put away, not deleted: reminders made from it keep pointing to it.
-- name: archive_schedule_template
UPDATE medication_schedule_templates t SET archived_at = now(), is_default = false
 WHERE t.id = own_template(:template_id::uuid);

-- --- reminders ---

-- In lists, LIMIT is worked out before any row is looked for: so who may not look is refused, also where there is nothing to see.
-- name: list_reminders
WITH asked AS MATERIALIZED (SELECT viewed_patient(:patient_id::uuid, 'view_reminders', 'reminders') AS patient)
SELECT r.id, r.patient_id, r."medication.id", r."medication.name", r."medication.strength", r."medication.form", r.template_id,
       r.template_snapshot, r.time_slot, r.scheduled_time, r.dose_amount, r.dose_unit, r.recurrence, r.start_date, r.end_date,
       r.timezone, r.timezone_policy, r.grace_minutes, r.is_active, r.critical, r.paused_at, r.paused_until, r.ended_at,
       r.next_reminder_at, r.created_at, r.updated_at, r.id AS _cursor_1
  FROM reminder_cards r
 WHERE r.patient_id = (SELECT a.patient FROM asked a)
   AND (:medication_id::uuid IS NULL OR r."medication.id" = :medication_id::uuid)
   AND (:active::boolean IS NULL OR r.is_active = :active::boolean)
   AND r.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY r.id DESC
 LIMIT (SELECT :limit::int + 1 FROM asked);

-- name: get_reminder
SELECT r.id, r.patient_id, r."medication.id", r."medication.name", r."medication.strength", r."medication.form", r.template_id,
       r.template_snapshot, r.time_slot, r.scheduled_time, r.dose_amount, r.dose_unit, r.recurrence, r.start_date, r.end_date,
       r.timezone, r.timezone_policy, r.grace_minutes, r.is_active, r.critical, r.paused_at, r.paused_until, r.ended_at,
       r.next_reminder_at, r.created_at, r.updated_at, row_etag(r.updated_at) AS _etag,
       viewed_medication(r."medication.id", 'view_reminders', 'reminder', r.id) AS _seen
  FROM reminder_cards r
 WHERE r.id = :reminder_id::uuid;

-- The planning itself is a trigger's work (database/functions/reminders.sql), so what is answered is read afterwards.
-- name: create_reminder
INSERT INTO medication_reminders AS r (medication_id, patient_id, template_id, template_snapshot, time_slot, scheduled_time, dose_amount,
       dose_unit, recurrence, start_date, end_date, timezone_policy, grace_minutes, is_active, critical, created_by)
SELECT m.id, m.patient_id, :template_id::uuid, slots.times, :time_slot::text,
       coalesce(:scheduled_time::time, (slots.times ->> :time_slot::text)::time), :dose_amount::numeric,
       coalesce(:dose_unit::text, m.dose_unit), :recurrence::jsonb, coalesce(:start_date::date, patient_today(m.patient_id)),
       :end_date::date, :timezone_policy::text, :grace_minutes::int, :is_active::boolean, :critical::boolean, app_user_id()
  FROM plannable_medication(:medication_id::uuid) AS m
 CROSS JOIN LATERAL slot_times(m.patient_id, :template_id::uuid) AS slots (times)
RETURNING r.id, audit('reminder.create', 'reminder', r.id, r.patient_id) AS _audited;

-- One that had ended starts again only for a medicine that may be planned.
-- name: change_reminder
UPDATE medication_reminders r
   SET time_slot = coalesce(:time_slot::text, r.time_slot), scheduled_time = coalesce(:scheduled_time::time, r.scheduled_time),
       dose_amount = coalesce(:dose_amount::numeric, r.dose_amount),
       dose_unit = CASE WHEN :has_dose_unit::boolean THEN :dose_unit::text ELSE r.dose_unit END,
       recurrence = coalesce(:recurrence::jsonb, r.recurrence), start_date = coalesce(:start_date::date, r.start_date),
       end_date = CASE WHEN :has_end_date::boolean THEN :end_date::date ELSE r.end_date END,
       timezone_policy = coalesce(:timezone_policy::text, r.timezone_policy),
       grace_minutes = coalesce(:grace_minutes::int, r.grace_minutes),
       is_active = coalesce(:is_active::boolean, r.is_active), critical = coalesce(:critical::boolean, r.critical)
 WHERE r.id = :reminder_id::uuid AND r.patient_id = (SELECT allowed_reminder(:reminder_id::uuid, 'manage_reminders'))
   AND etag_matches(:if_match::text, row_etag(r.updated_at))
   AND (r.is_active OR :is_active::boolean IS NOT TRUE OR EXISTS (SELECT FROM plannable_medication(r.medication_id)))
RETURNING r.id, audit('reminder.change', 'reminder', r.id, r.patient_id) AS _audited;

-- name: end_reminder
UPDATE medication_reminders r
   SET is_active = false
 WHERE r.id = :reminder_id::uuid AND r.patient_id = (SELECT allowed_reminder(:reminder_id::uuid, 'manage_reminders'))
RETURNING audit('reminder.end', 'reminder', r.id, r.patient_id) AS _audited;

-- name: pause_reminder
UPDATE medication_reminders r
   SET paused_at = now(), paused_until = :until::timestamptz
 WHERE r.id = :reminder_id::uuid AND r.patient_id = (SELECT allowed_reminder(:reminder_id::uuid, 'manage_reminders'))
RETURNING r.id, audit('reminder.pause', 'reminder', r.id, r.patient_id) AS _audited;

-- name: resume_reminder
UPDATE medication_reminders r
   SET paused_at = NULL, paused_until = NULL
 WHERE r.id = :reminder_id::uuid AND r.patient_id = (SELECT allowed_reminder(:reminder_id::uuid, 'manage_reminders'))
RETURNING r.id, audit('reminder.resume', 'reminder', r.id, r.patient_id) AS _audited;

-- name: preview_reminder
SELECT schedule_sentence(:language::text, :recurrence::jsonb, :scheduled_time::time, :dose_amount::numeric, :dose_unit::text,
                         plan.first, :end_date::date) AS sentence,
       plan.timezone,
       coalesce((SELECT json_agg(json_build_object('local_date', o.local_date, 'local_time', to_char(o.local_time, 'HH24:MI'),
                                                   'due_at', to_char(o.due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))
                                 ORDER BY o.due_at)
                   FROM plan_preview(:recurrence::jsonb, :scheduled_time::time, plan.first, :end_date::date, plan.timezone, 14) AS o),
                '[]') AS occurrences
  FROM (SELECT u.timezone, coalesce(:start_date::date, patient_today(u.id)) AS first
          FROM users u WHERE u.id = (SELECT allowed_patient(:patient_id::uuid, 'view_reminders'))) AS plan;

-- --- doses ---

-- name: list_doses
WITH asked AS MATERIALIZED (
    SELECT v.patient, dose_days(v.patient, :from::date, :to::date, 92) AS days
      FROM viewed_patient(:patient_id::uuid, 'view_reminders', 'doses') AS v (patient)
)
SELECT d.id, d.reminder_id, d."medication.id", d."medication.name", d."medication.strength", d."medication.form", d.time_slot,
       d.due_at, d.local_date, d.local_time, d.status, d.grace_until, d.taken_at, d.taken_late, d.dose_amount, d.dose_unit,
       d.dose_taken, d.snoozed_until, d.skip_reason, d.notes, d.due_at AS _cursor_1, d.id AS _cursor_2
  FROM dose_cards d
 WHERE d.patient_id = (SELECT a.patient FROM asked a)
   AND d.local_date >= (SELECT lower(a.days) FROM asked a) AND d.local_date < (SELECT upper(a.days) FROM asked a)
   AND (:medication_id::uuid IS NULL OR d."medication.id" = :medication_id::uuid)
   AND (d.due_at, d.id) > (coalesce(:cursor_1::timestamptz, '-infinity'), coalesce(:cursor_2::uuid, '00000000-0000-0000-0000-000000000000'))
 ORDER BY d.due_at, d.id
 LIMIT (SELECT :limit::int + 1 FROM asked);

-- The whole day: a dose must not hide on a second page.
-- name: list_doses_today
WITH asked AS MATERIALIZED (SELECT viewed_patient(:patient_id::uuid, 'view_reminders', 'doses') AS patient)
SELECT d.id, d.reminder_id, d."medication.id", d."medication.name", d."medication.strength", d."medication.form", d.time_slot,
       d.due_at, d.local_date, d.local_time, d.status, d.grace_until, d.taken_at, d.taken_late, d.dose_amount, d.dose_unit,
       d.dose_taken, d.snoozed_until, d.skip_reason, d.notes
  FROM dose_cards d
 WHERE d.patient_id = (SELECT a.patient FROM asked a) AND d.local_date = (SELECT patient_today(a.patient) FROM asked a)
 ORDER BY d.due_at, d.id
 LIMIT (SELECT 1000 FROM asked);

-- name: get_dose
SELECT d.id, d.reminder_id, d."medication.id", d."medication.name", d."medication.strength", d."medication.form", d.time_slot,
       d.due_at, d.local_date, d.local_time, d.status, d.grace_until, d.taken_at, d.taken_late, d.dose_amount, d.dose_unit,
       d.dose_taken, d.snoozed_until, d.skip_reason, d.notes,
       viewed_medication(d."medication.id", 'view_reminders', 'dose', d.id) AS _seen
  FROM dose_cards d
 WHERE d.id = :dose_id::uuid AND d.local_date = uuid_date(:dose_id::uuid);

-- name: take_dose
SELECT c.id, c.reminder_id, c.medication_id AS "medication.id", c.medication_name AS "medication.name",
       c.medication_strength AS "medication.strength", c.medication_form AS "medication.form", c.time_slot, c.due_at, c.local_date,
       c.local_time, c.status, c.grace_until, c.taken_at, c.taken_late, trim_scale(c.dose_amount) AS dose_amount, c.dose_unit,
       trim_scale(c.dose_taken) AS dose_taken, c.snoozed_until
  FROM dose_take(:dose_id::uuid, :taken_at::timestamptz, :dose_taken::numeric, :notes::text, :client_event_id::uuid) AS c;

-- name: skip_dose
SELECT c.id, c.reminder_id, c.medication_id AS "medication.id", c.medication_name AS "medication.name",
       c.medication_strength AS "medication.strength", c.medication_form AS "medication.form", c.time_slot, c.due_at, c.local_date,
       c.local_time, c.status, c.grace_until, c.taken_at, c.taken_late, trim_scale(c.dose_amount) AS dose_amount, c.dose_unit,
       trim_scale(c.dose_taken) AS dose_taken, c.snoozed_until
  FROM dose_skip(:dose_id::uuid, :reason::text, :client_event_id::uuid) AS c;

-- name: snooze_dose
SELECT c.id, c.reminder_id, c.medication_id AS "medication.id", c.medication_name AS "medication.name",
       c.medication_strength AS "medication.strength", c.medication_form AS "medication.form", c.time_slot, c.due_at, c.local_date,
       c.local_time, c.status, c.grace_until, c.taken_at, c.taken_late, trim_scale(c.dose_amount) AS dose_amount, c.dose_unit,
       trim_scale(c.dose_taken) AS dose_taken, c.snoozed_until
  FROM dose_snooze(:dose_id::uuid, :minutes::int, :client_event_id::uuid) AS c;

-- name: undo_dose
SELECT c.id, c.reminder_id, c.medication_id AS "medication.id", c.medication_name AS "medication.name",
       c.medication_strength AS "medication.strength", c.medication_form AS "medication.form", c.time_slot, c.due_at, c.local_date,
       c.local_time, c.status, c.grace_until, c.taken_at, c.taken_late, trim_scale(c.dose_amount) AS dose_amount, c.dose_unit,
       trim_scale(c.dose_taken) AS dose_taken, c.snoozed_until
  FROM dose_undo(:dose_id::uuid, :client_event_id::uuid) AS c;

-- name: log_dose
SELECT c.id, c.reminder_id, c.medication_id AS "medication.id", c.medication_name AS "medication.name",
       c.medication_strength AS "medication.strength", c.medication_form AS "medication.form", c.time_slot, c.due_at, c.local_date,
       c.local_time, c.status, c.grace_until, c.taken_at, c.taken_late, trim_scale(c.dose_amount) AS dose_amount, c.dose_unit,
       trim_scale(c.dose_taken) AS dose_taken, c.snoozed_until, '/api/v1/doses/' || c.id AS _location
  FROM dose_log(:medication_id::uuid, :taken_at::timestamptz, :dose_taken::numeric, :notes::text, :client_event_id::uuid) AS c;

-- name: sync_doses
SELECT dose_sync(:events::jsonb) AS receipts;

-- Without days named, the 30 up to today.
-- name: get_adherence
SELECT asked.patient AS patient_id, asked.first AS "from", asked.last AS "to", :by::text AS by,
       a.counted AS "counts.counted", a.taken AS "counts.taken", a.taken_late AS "counts.taken_late", a.skipped AS "counts.skipped",
       a.missed AS "counts.missed", measure('dose_adherence_v1', a.taken, a.counted) AS adherence,
       measure('timing_adherence_v1', a.taken - a.taken_late, a.counted) AS timing_adherence,
       measure('pdc_v1', a.days_covered, a.days) AS pdc,
       adherence_streak(asked.patient, asked.last) AS "streak.value", 'streak_v1' AS "streak.formula",
       adherence_buckets(asked.patient, asked.first, asked.last, :by::text) AS buckets
  FROM (SELECT v.patient, lower(d.range) AS first, upper(d.range) - 1 AS last
          FROM viewed_patient(:patient_id::uuid, 'view_reminders', 'adherence') AS v (patient)
         CROSS JOIN LATERAL dose_days(v.patient, coalesce(:from::date, coalesce(:to::date, patient_today(v.patient)) - 29),
                                      coalesce(:to::date, patient_today(v.patient)), 366) AS d (range)) AS asked
 CROSS JOIN LATERAL adherence(asked.patient, asked.first, asked.last) AS a;

-- --- scheduler_worker ---

-- name: scheduler_fire
SELECT fire_due_doses() AS n;

-- name: scheduler_miss
SELECT mark_missed_doses() AS n;

-- name: scheduler_plan
SELECT materialise_doses() AS n;

-- One scheduler at a time; the others come back to it later.
-- name: scheduler_partitions
SELECT make_partitions() AS n WHERE pg_try_advisory_xact_lock(hashtext('scheduler_partitions'));

-- name: scheduler_sweep
SELECT sweep_expired() AS n WHERE pg_try_advisory_xact_lock(hashtext('scheduler_sweep'));

-- Milliseconds until something is due, at most an hour; negative when late.
-- name: scheduler_next
SELECT (extract(epoch FROM least(next_due_at(), clock_timestamp() + interval '1 hour') - clock_timestamp()) * 1000)::bigint AS ms;
