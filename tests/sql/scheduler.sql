-- The scheduler's rounds: each dose fires once, is found missed once, and alerts those who may know.
BEGIN;
SELECT plan(25);
\ir include/people.psql
\set m1 '\'00000000-0000-7000-8000-0000000002c1\''
\set m2 '\'00000000-0000-7000-8000-0000000002c2\''
-- the demo's own doses stay out of the counts
UPDATE medication_reminder_logs SET fire_at = 'infinity' WHERE status IN ('pending', 'snoozed');
SELECT pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c1', :m1, 'Alpha'), pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c2', :m2, 'Beta') \g /dev/null
SELECT pg_temp.dose_due(:m1, '1 minute') AS due, pg_temp.dose_due(:m2, '-10 minutes') AS ahead, pg_temp.dose_due(:m2, '119 minutes') AS lateish \gset
CREATE FUNCTION pg_temp.told(who uuid) RETURNS text LANGUAGE sql
AS $$ SELECT string_agg(type || '|' || message, ' ' ORDER BY type, message) FROM notifications WHERE user_id = who $$;
CREATE FUNCTION pg_temp.scheduler(call text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.run_as('dastern_scheduler_worker', NULL, 'SELECT ' || call) $$;

SELECT is(pg_temp.scheduler('fire_due_doses()'), '2', 'what is due and within its grace');
SELECT is(pg_temp.scheduler('fire_due_doses()'), '0', 'once');
SELECT is((SELECT fire_count || ' ' || status FROM medication_reminder_logs WHERE id = :'due'), '1 pending', 'marked');
SELECT is((SELECT fired_at FROM medication_reminder_logs WHERE id = :'ahead'), NULL, 'not what lies ahead');
SELECT is((SELECT count(*)::integer FROM notifications WHERE user_id = :patient AND type = 'dose.due'), 2, 'a notice each');
SELECT matches((SELECT message FROM notifications WHERE user_id = :patient AND data ->> 'dose_id' = :'due'), '^\d\d:\d\d: Alpha, 1 ', 'in the person''s language, with the medicine');
SELECT is((SELECT title FROM notifications WHERE user_id = :patient LIMIT 1), 'Time for your medicine', 'the title names none');
SELECT is((SELECT string_agg(kind, ' ' ORDER BY kind) FROM outbox WHERE user_id = :patient AND dedupe_key = 'dose.due:' || :'due' || ':1'), 'in_app push', 'and its deliveries');

-- Snoozed: reminded once more.
SELECT act_as(:patient) \g /dev/null
SELECT dose_snooze(:'due', 30) \g /dev/null
SELECT pg_temp.nobody() \g /dev/null
SELECT is(pg_temp.scheduler('fire_due_doses()'), '0', 'a snoozed dose rests');
UPDATE medication_reminder_logs SET snoozed_until = now(), fire_at = now() WHERE id = :'due';
SELECT is(pg_temp.scheduler('fire_due_doses()'), '1', 'until its time');
SELECT is((SELECT fire_count || ' ' || status FROM medication_reminder_logs WHERE id = :'due'), '2 pending', 'then it is pending again');

-- A dose the scheduler slept through is not fired hours late; it is missed.
DELETE FROM notifications WHERE user_id = :patient;
SELECT pg_temp.dose_due(:m1, '3 hours') AS over, pg_temp.dose_due(:m2, '3 hours 1 minute') AS over2, pg_temp.dose_due(:m1, '20 hours') AS long_over \gset
INSERT INTO users (id, email, role, onboarding_status, first_name, last_name, language)
SELECT ('00000000-0000-7000-8000-0000000009c' || n)::uuid, 'alert' || n || '@people.test', 'family_member', 'active', 'A', 'A', 'en' FROM generate_series(1, 5) n;
INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, view_reminders, receive_alerts, hidden_medication_ids, expires_at)
SELECT :patient, ('00000000-0000-7000-8000-0000000009c' || n)::uuid, 'x', n <> 2, n <> 3, CASE n WHEN 4 THEN ARRAY[:m2::uuid] ELSE '{}' END, CASE n WHEN 5 THEN now() END
  FROM generate_series(1, 5) n;
SELECT is(pg_temp.scheduler('fire_due_doses()'), '0', 'too late to fire');
SELECT is(pg_temp.scheduler('mark_missed_doses(1000)')::integer >= 3, true, 'found missed');
SELECT is((SELECT string_agg(status, ' ') FROM medication_reminder_logs WHERE id IN (:'over', :'over2', :'long_over')), 'missed missed missed', 'all three');
SELECT is((SELECT status FROM medication_reminder_logs WHERE id = :'due'), 'pending', 'not the one within its grace');
SELECT is((SELECT count(*)::integer FROM dose_events WHERE dose_id IN (:'over', :'over2', :'long_over') AND event = 'miss' AND actor_id IS NULL), 3, 'an event each');
SELECT is((SELECT count(*)::integer FROM notifications WHERE user_id = :patient AND type = 'dose.missed'), 2, 'the patient is told, not of yesterday''s');
SELECT is((SELECT count(*)::integer FROM notifications WHERE user_id = '00000000-0000-7000-8000-0000000009c1'), 2, 'so is a relative with alerts');
SELECT is((SELECT bool_or(message ~ 'Alpha|Beta') FROM notifications WHERE user_id = '00000000-0000-7000-8000-0000000009c2'), false, 'who may not see reminders is not told what');
SELECT is(pg_temp.told('00000000-0000-7000-8000-0000000009c3'), NULL, 'who wants no alerts gets none');
SELECT matches(pg_temp.told('00000000-0000-7000-8000-0000000009c4'), '^[^|]+\|[^|]+Alpha$', 'a hidden medicine raises none');
SELECT is(pg_temp.told('00000000-0000-7000-8000-0000000009c5'), NULL, 'nor does an expired link');
SELECT is(pg_temp.scheduler('mark_missed_doses(1000)'), '0', 'once');

-- What has run out.
INSERT INTO family_invitations (patient_id, code_hash, relationship, created_at, expires_at) VALUES (:patient, sha256('c'), 'x', now() - interval '8 days', now() - interval '1 day');
SELECT pg_temp.scheduler('sweep_expired()') \g /dev/null
SELECT is((SELECT status FROM family_invitations WHERE code_hash = sha256('c')) || ' ' || (SELECT status FROM family_relationships WHERE family_member_id = '00000000-0000-7000-8000-0000000009c5'),
          'expired revoked', 'invitations and links past their date are settled');
SELECT is(make_partitions(3), 0, 'the months ahead are there');
SELECT * FROM finish();
ROLLBACK;
