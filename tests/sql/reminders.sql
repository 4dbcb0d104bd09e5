-- Reminders and the doses planned from them: what is refused, what a change of plan keeps and drops.
BEGIN;
SELECT plan(33);
\ir include/people.psql
\set m1 '\'00000000-0000-7000-8000-0000000002c1\''
\set r1 '\'00000000-0000-7000-8000-0000000005c1\''
SELECT pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c1', :m1, 'Alpha') \g /dev/null
SELECT pg_temp.prescribe(:other, '00000000-0000-7000-8000-0000000001c2', '00000000-0000-7000-8000-0000000002c2', 'Beta') \g /dev/null
CREATE FUNCTION pg_temp.remind(columns text, given text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.refused(format($q$INSERT INTO medication_reminders (medication_id, patient_id, time_slot, start_date %s)
        VALUES ('00000000-0000-7000-8000-0000000002c1', '00000000-0000-7000-8000-0000000000c1', 'custom', '2026-01-01' %s)$q$, columns, given))
$$;
SELECT is(pg_temp.remind(', scheduled_time, dose_amount' || c, $$, '08:00', 1$$ || v), code, code) FROM (VALUES
    (', recurrence', $$, '{"type": "hourly"}'$$, 'DT422 reminder.recurrence'), (', end_date', $$, '2025-12-31'$$, '23514 reminder.date_order'),
    (', timezone', $$, 'Mars/Base'$$, '23503 reminder.timezone'), (', timezone_policy', $$, 'floating'$$, '23514 reminder.timezone_policy'),
    (', grace_minutes', $$, 5$$, '23514 reminder.grace_range'), (', paused_until', $$, now()$$, '23514 reminder.pause_order'),
    (', template_id', $$, '00000000-0000-7000-8000-00000000ffff'$$, 'DT404 not_found')) AS t (c, v, code);
SELECT is(pg_temp.remind(', scheduled_time, dose_amount', $$, '08:00', 0$$), '23514 reminder.dose_range', 'a dose of nothing');
SELECT is(pg_temp.remind(', scheduled_time, dose_amount', $$, '08:00:30', 1$$), '23514 reminder.time_to_the_minute', 'seconds');
UPDATE medications SET as_needed = true WHERE id = :m1;
SELECT is(pg_temp.remind(', scheduled_time, dose_amount', $$, '08:00', 1$$), 'DT422 reminder.as_needed', 'a medicine taken as needed');
UPDATE medications SET as_needed = false WHERE id = :m1;

-- A reminder whose time today is still ahead. The patient lives in a zone where it is about noon, so that neither "soon" nor "past" leaves today.
SELECT name AS zone FROM timezones WHERE name LIKE 'Etc/GMT%' AND extract(hour FROM now() AT TIME ZONE name) = 12 LIMIT 1 \gset
UPDATE users SET timezone = :'zone' WHERE id = :patient;
SELECT to_char((now() AT TIME ZONE :'zone') + interval '1 minute', 'HH24:MI') AS soon,
       to_char((now() AT TIME ZONE :'zone') - interval '2 minutes', 'HH24:MI') AS past,
       (now() AT TIME ZONE :'zone')::date AS today \gset
INSERT INTO medication_reminders (id, medication_id, patient_id, time_slot, scheduled_time, dose_amount, start_date)
VALUES (:r1, :m1, :patient, 'evening', :'soon', 1, :'today');
CREATE FUNCTION pg_temp.doses() RETURNS text LANGUAGE sql
AS $$ SELECT count(*) || ' ' || count(*) FILTER (WHERE scheduled_time = (SELECT scheduled_time FROM medication_reminders WHERE id = '00000000-0000-7000-8000-0000000005c1'))
        FROM medication_reminder_logs WHERE reminder_id = '00000000-0000-7000-8000-0000000005c1' $$;
SELECT is((SELECT timezone || ' ' || (template_snapshot ->> 'source') || ' ' || (template_snapshot ->> 'morning') FROM medication_reminders WHERE id = :r1),
          :'zone' || ' meal_times 07:00', 'zone and times are the patient''s');
SELECT is(pg_temp.doses(), '15 15', 'today''s dose and two weeks of them');
SELECT is((SELECT bool_and(uuid_date(id) = scheduled_date AND grace_until = due_at + interval '2 hours' AND fire_at = due_at) FROM medication_reminder_logs WHERE reminder_id = :r1), true,
          'ids carry the date, grace is frozen');
SELECT ok((SELECT next_reminder_at = (SELECT min(due_at) FROM medication_reminder_logs WHERE reminder_id = :r1) FROM medication_reminders WHERE id = :r1), 'next_reminder_at is the first');
SELECT is(materialise_doses(), 0, 'nothing left to be made');
SELECT is(pg_temp.refused('UPDATE medication_reminders SET template_snapshot = $${}$$'), 'DT409 reminder.snapshot_immutable', 'the snapshot stays');
SELECT is(pg_temp.refused(format('UPDATE medication_reminders SET medication_id = %L', '00000000-0000-7000-8000-0000000002c2')), 'DT409 reminder.snapshot_immutable', 'and its medicine');
UPDATE patient_profiles SET morning_time = '06:00' WHERE user_id = :patient;
SELECT is((SELECT template_snapshot ->> 'morning' FROM medication_reminders WHERE id = :r1), '07:00', 'whatever becomes of the times it came from');

-- Changes of plan. A dose that has happened stays, and its day gets no second one.
SELECT id AS first, due_at AS first_due FROM medication_reminder_logs WHERE reminder_id = :r1 ORDER BY due_at LIMIT 1 \gset
SELECT act_as(:patient) \g /dev/null
SELECT dose_take(:'first', NULL, NULL, NULL) \g /dev/null
SELECT pg_temp.nobody() \g /dev/null
SELECT updated_at AS before FROM medication_reminders WHERE id = :r1 \gset
UPDATE medication_reminders SET scheduled_time = '23:59', dose_amount = 2 WHERE id = :r1;
SELECT is(pg_temp.doses(), '15 14', 'moved: today''s taken one stays, fourteen at the new time');
SELECT is((SELECT string_agg(DISTINCT dose_amount::text, ' ') FROM medication_reminder_logs WHERE reminder_id = :r1 AND status = 'pending'), '2.00', 'with the new amount');
SELECT is((SELECT dose_amount || ' ' || status FROM medication_reminder_logs WHERE id = :'first'), '1.00 taken', 'what was taken was what it was');
UPDATE medication_reminders SET paused_at = now(), paused_until = now() + interval '3 days' WHERE id = :r1;
SELECT is((SELECT min(due_at) >= now() + interval '3 days' FROM medication_reminder_logs WHERE reminder_id = :r1 AND status = 'pending'), true, 'paused: nothing for three days');
UPDATE medication_reminders SET paused_until = NULL WHERE id = :r1;
SELECT is(pg_temp.doses(), '1 0', 'paused without end: nothing');
UPDATE medication_reminders SET paused_at = NULL WHERE id = :r1;
SELECT is(pg_temp.doses(), '15 14', 'resumed');
UPDATE medication_reminders SET end_date = :'today'::date + 2 WHERE id = :r1;
SELECT is(pg_temp.doses(), '3 2', 'ends in two days');
UPDATE medication_reminders SET end_date = NULL, recurrence = '{"type": "every_n_days", "n": 7}' WHERE id = :r1;
SELECT is(pg_temp.doses(), '3 2', 'every seventh day');
UPDATE medication_reminders SET recurrence = '{"type": "daily"}' WHERE id = :r1;
UPDATE users SET timezone = 'Europe/Paris' WHERE id = :patient;
SELECT is((SELECT string_agg(DISTINCT timezone, ' ') FROM medication_reminder_logs WHERE reminder_id = :r1 AND status = 'pending'), 'Europe/Paris', 'the person travels, the reminders with them');
UPDATE medication_reminders SET timezone_policy = 'fixed' WHERE id = :r1;
UPDATE users SET timezone = 'Asia/Tokyo' WHERE id = :patient;
SELECT is((SELECT timezone FROM medication_reminders WHERE id = :r1), 'Europe/Paris', 'unless the zone is fixed');
UPDATE medications SET is_active = false WHERE id = :m1;
SELECT is((SELECT is_active || ' ' || (ended_at IS NOT NULL) || ' ' || (next_reminder_at IS NULL) FROM medication_reminders WHERE id = :r1) || ' ' || pg_temp.doses(), 'false true true 1 0', 'a stopped medicine reminds no more');

-- A start whose time today has passed makes no dose of today.
UPDATE medications SET is_active = true WHERE id = :m1;
INSERT INTO medication_reminders (id, medication_id, patient_id, time_slot, scheduled_time, dose_amount, start_date, timezone)
VALUES ('00000000-0000-7000-8000-0000000005c2', :m1, :patient, 'custom', :'past', 1, :'today'::date - 5, :'zone');
SELECT is((SELECT min(due_at) > now() FROM medication_reminder_logs WHERE reminder_id = '00000000-0000-7000-8000-0000000005c2'), true, 'nothing that is past already');

-- The horizon moves on, once; a standstill leaves no gap.
UPDATE medication_reminders SET materialized_until = current_date - 3 WHERE id = '00000000-0000-7000-8000-0000000005c2';
DELETE FROM medication_reminder_logs WHERE reminder_id = '00000000-0000-7000-8000-0000000005c2';
SELECT is(materialise_doses() BETWEEN 17 AND 18, true, 'three past days and two weeks ahead');
SELECT is(materialise_doses(), 0, 'once');
SELECT is(pg_temp.refused('DELETE FROM medication_reminder_logs WHERE due_at < now()'), 'DT409 dose.history_kept', 'what was due cannot be deleted');
SELECT * FROM finish();
ROLLBACK;
