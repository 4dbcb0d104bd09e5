-- What a database forgets and is told when it comes out of a backup: nothing spent lives again, nothing is sent twice, nobody is told to
-- take a dose that may have been taken.
BEGIN;
SELECT plan(23);
\ir include/people.psql
\set m1 '\'00000000-0000-7000-8000-0000000002c1\''
\set m2 '\'00000000-0000-7000-8000-0000000002c2\''
UPDATE medication_reminder_logs SET fire_at = 'infinity' WHERE status IN ('pending', 'snoozed');
SELECT pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c1', :m1, 'Alpha'), pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c2', :m2, 'Beta') \g /dev/null
INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, view_reminders, receive_alerts) VALUES (:patient, :relative, 'x', true, true);
CREATE FUNCTION pg_temp.scheduler(call text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.run_as('dastern_scheduler_worker', NULL, 'SELECT ' || call) $$;

-- Due in the lost hours: one that can still be recorded, one that rested and came due, one too late, one of the day before.
SELECT pg_temp.dose_due(:m1, '1 hour') AS open, pg_temp.dose_due(:m2, '90 minutes') AS snoozed, pg_temp.dose_due(:m1, '3 hours') AS over,
       pg_temp.dose_due(:m1, '26 hours') AS long_over, pg_temp.dose_due(:m2, '-10 minutes') AS ahead \gset
SELECT act_as(:patient) \g /dev/null
SELECT dose_snooze(:'snoozed', 10) \g /dev/null
SELECT pg_temp.nobody() \g /dev/null
UPDATE medication_reminder_logs SET snoozed_until = now() - interval '1 minute', fire_at = now() - interval '1 minute' WHERE id = :'snoozed';
-- And a plan that the backup knew up to three days ago only.
INSERT INTO medication_reminders (id, medication_id, patient_id, time_slot, scheduled_time, dose_amount, start_date, timezone)
VALUES ('00000000-0000-7000-8000-0000000003c1', :m1, :patient, 'custom', '12:00', 1, current_date - 9, 'UTC');
UPDATE medication_reminders SET materialized_until = current_date - 3 WHERE id = '00000000-0000-7000-8000-0000000003c1';

INSERT INTO user_sessions (user_id, refresh_token, idle_expires_at, expires_at) VALUES (:patient, sha256('t'), now() + interval '1 day', now() + interval '1 day');
INSERT INTO user_sessions (user_id, refresh_token, idle_expires_at, expires_at, revoked_at, revoked_reason)
VALUES (:patient, sha256('o'), now() + interval '1 day', now() + interval '1 day', now() - interval '1 day', 'logout');
INSERT INTO verification_codes (user_id, purpose, target, code_hash, expires_at) VALUES (:patient, 'password_reset', 'a@people.test', sha256('1'), now() + interval '10 minutes');
INSERT INTO family_invitations (patient_id, code_hash, relationship) VALUES (:patient, sha256('c'), 'x');
INSERT INTO recovery_codes (user_id, code_hash) VALUES (:patient, sha256('r'));
DELETE FROM outbox;
INSERT INTO outbox (kind, user_id, sealed, dedupe_key) VALUES ('email', :patient, 'code', 'e1');
INSERT INTO outbox (kind, user_id, status, locked_by, locked_until) VALUES ('sms', :patient, 'running', 'w', now() + interval '1 minute'), ('push', :patient, 'running', 'w', now());
INSERT INTO outbox (kind, user_id) VALUES ('in_app', :patient);
INSERT INTO jobs (kind, user_id, status) VALUES ('export', :patient, 'done'), ('export', :other, 'queued'), ('erase_files', NULL, 'queued');

SELECT to_char(now() AT TIME ZONE 'UTC' - interval '2 days', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS taken \gset
\ir ../../database/after_restore.sql

SELECT is((SELECT count(*)::integer FROM user_sessions WHERE revoked_at IS NULL), 0, 'no session lives on');
SELECT is((SELECT string_agg(revoked_reason, ' ' ORDER BY revoked_reason) FROM user_sessions WHERE user_id = :patient), 'logout restored', 'each with its own end');
SELECT is((SELECT count(*)::integer FROM verification_codes WHERE used_at IS NULL), 0, 'no code is good');
SELECT is((SELECT count(*)::integer FROM family_invitations WHERE status = 'pending'), 0, 'no invitation is open');
SELECT is((SELECT used_at FROM recovery_codes WHERE user_id = :patient), NULL, 'what stands in for a second factor stays');

SELECT is((SELECT string_agg(concat_ws(' ', kind, status, stage, sealed IS NULL), ', ' ORDER BY kind) FROM outbox WHERE user_id = :patient AND kind IN ('email', 'sms')),
          'email done restored t, sms done restored t', 'old messages stay where they are, their secrets wiped');
SELECT is((SELECT count(*)::integer FROM outbox WHERE kind IN ('email', 'sms') AND status <> 'done'), 0, 'nobody is written to');
SELECT is((SELECT count(*)::integer FROM outbox WHERE kind = 'in_app' AND user_id = :patient AND dedupe_key IS NULL AND status = 'queued'), 1, 'what the app shows is shown');
SELECT is((SELECT string_agg(kind || ' ' || status, ', ' ORDER BY kind) FROM jobs WHERE kind IN ('export', 'erase_files')), 'erase_files queued, export queued',
          'exports without their file are gone, other jobs go on');

SELECT is((SELECT status || ' ' || (fired_at IS NOT NULL) FROM medication_reminder_logs WHERE id = :'open'), 'pending true', 'a dose of the lost hours can still be recorded');
SELECT is((SELECT status || ' ' || (snoozed_until IS NULL) FROM medication_reminder_logs WHERE id = :'snoozed'), 'pending true', 'so can one that was put off');
SELECT is((SELECT string_agg(status, ' ') FROM medication_reminder_logs WHERE id IN (:'over', :'long_over')), 'missed missed', 'what is over counts as missed');
SELECT is((SELECT string_agg(DISTINCT note, '|') FROM dose_events WHERE dose_id IN (:'over', :'long_over')), 'records lost since ' || :'taken', 'with the reason');
SELECT is(pg_temp.scheduler('fire_due_doses()'), '0', 'nobody is told to take what may have been taken');
SELECT pg_temp.scheduler('materialise_doses()') \g /dev/null
SELECT is((SELECT string_agg(l.status, ' ') FROM medication_reminder_logs l WHERE l.reminder_id = '00000000-0000-7000-8000-0000000003c1' AND l.scheduled_date < current_date),
          'missed missed', 'days that the backup had not planned yet');
SELECT is(pg_temp.scheduler('mark_missed_doses(1000)'), '0', 'nothing is left to be found missed');
SELECT is((SELECT count(*)::integer FROM notifications WHERE type IN ('dose.due', 'dose.missed') AND user_id = :patient
             OR type = 'family.dose_missed' AND user_id = :relative), 0, 'no reminder, no alarm');
SELECT is((SELECT r.next_reminder_at FROM medication_reminders r JOIN medication_reminder_logs l ON l.reminder_id = r.id WHERE l.id = :'ahead'),
          (SELECT min(l.fire_at) FROM medication_reminder_logs l WHERE l.status = 'pending' AND l.fired_at IS NULL
              AND l.reminder_id = (SELECT reminder_id FROM medication_reminder_logs WHERE id = :'ahead')), 'the plan goes on with what lies ahead');
UPDATE medication_reminder_logs SET fire_at = now() WHERE id = :'ahead';
SELECT is(pg_temp.scheduler('fire_due_doses()'), '1', 'which fires as ever');
SELECT act_as(:patient) \g /dev/null
SELECT dose_take(:'over', now() - interval '3 hours', NULL, NULL) \g /dev/null
SELECT pg_temp.nobody() \g /dev/null
SELECT is((SELECT status FROM medication_reminder_logs WHERE id = :'over'), 'taken', 'the patient can put it right');

SELECT is((SELECT count(*)::integer FROM notifications WHERE type = 'system.restored'), (SELECT count(*)::integer FROM users WHERE is_active), 'everybody is told, once');
SELECT matches((SELECT message FROM notifications WHERE type = 'system.restored' AND user_id = :patient),
               'after ' || to_char(:'taken'::timestamptz AT TIME ZONE 'Asia/Phnom_Penh', 'YYYY-MM-DD HH24:MI') || ' is lost', 'since when, by their own clock');
SELECT is((SELECT detail ->> 'taken' FROM audit_logs WHERE action = 'system.restored'), :'taken', 'and it is written down');
SELECT * FROM finish();
ROLLBACK;
