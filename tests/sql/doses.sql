-- Taking, skipping, snoozing, taking back: every state against every act, the limits of times and amounts, and the events behind.
BEGIN;
SELECT plan(61);
\ir include/people.psql
\set m1 '\'00000000-0000-7000-8000-0000000002c1\''
SELECT pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c1', :m1, 'Alpha') \g /dev/null
SELECT pg_temp.dose_due(:m1, '30 minutes') AS dose \gset

-- The state machine, whoever writes.
CREATE FUNCTION pg_temp.put(former text, next text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    set_to text := 'UPDATE medication_reminder_logs SET status = %1$L, actual_time = CASE WHEN %1$L = $q$taken$q$ THEN now() END, dose_taken = CASE WHEN %1$L = $q$taken$q$ THEN 1 END,
                    snoozed_until = CASE WHEN %1$L = $q$snoozed$q$ THEN now() END
                    WHERE patient_id = $q$00000000-0000-7000-8000-0000000000c1$q$';
BEGIN
    SET LOCAL session_replication_role = replica;
    EXECUTE format(set_to, former);
    SET LOCAL session_replication_role = origin;
    RETURN pg_temp.refused(format(set_to, next));
END $$;
SELECT is(pg_temp.put(f, n), CASE WHEN ok THEN NULL ELSE 'DT409 dose.not_pending' END, f || ' -> ' || n)
  FROM (SELECT f, n, f = n OR (f, n) IN (('pending', 'taken'), ('pending', 'skipped'), ('pending', 'missed'), ('pending', 'snoozed'), ('snoozed', 'pending'), ('snoozed', 'taken'),
               ('snoozed', 'skipped'), ('snoozed', 'missed'), ('missed', 'taken'), ('taken', 'pending'), ('skipped', 'pending')) AS ok
          FROM unnest('{pending,taken,skipped,missed,snoozed}'::text[]) f CROSS JOIN unnest('{pending,taken,skipped,missed,snoozed}'::text[]) n) t;
SELECT pg_temp.put('pending', 'pending') \g /dev/null
SELECT is(pg_temp.refused('UPDATE medication_reminder_logs SET ' || a || ' WHERE patient_id = ' || quote_literal(:patient)), code, a) FROM (VALUES
    ($$status = 'forgotten'$$, 'DT422 dose.status'), ($$due_at = due_at + interval '1 hour'$$, 'DT409 dose.plan_frozen'), ($$grace_until = 'infinity'$$, 'DT409 dose.plan_frozen'),
    ($$dose_amount = 9$$, 'DT409 dose.plan_frozen'), ($$status = 'taken'$$, 'DT422 dose.taken_complete'), ($$dose_taken = 0$$, 'DT422 dose.amount_range'),
    ($$taken_late = true$$, 'DT422 dose.late_only_taken'), ($$status = 'snoozed'$$, 'DT422 dose.snooze_complete'), ($$notes = repeat('x', 1001)$$, 'DT422 dose.notes_length')) AS t (a, code);
SELECT is(pg_temp.refused('DELETE FROM medication_reminder_logs'), 'DT409 dose.history_kept', 'it cannot be deleted');
SELECT is(pg_temp.refused('TRUNCATE medication_reminder_logs CASCADE') LIKE 'DT409%', true, 'nor all of them');

-- Through the functions.
CREATE FUNCTION pg_temp.act(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    refusal text := pg_temp.refusal('dastern_reminders', '00000000-0000-7000-8000-0000000000c1', 'SELECT ' || call);
BEGIN
    RETURN coalesce(refusal, (SELECT status || ' ' || taken_late::text || ' ' || coalesce(dose_taken::text, '-') FROM medication_reminder_logs
                               WHERE medication_id = '00000000-0000-7000-8000-0000000002c1' AND reminder_id IS NOT NULL));
END $$;
SELECT is(pg_temp.act(format('dose_take(%L, now() + interval %L, NULL, NULL)', :'dose', '6 minutes')), 'DT422 dose.taken_at_range', 'not in the future');
SELECT is(pg_temp.act(format('dose_take(%L, now() - interval %L, NULL, NULL)', :'dose', '13 hours')), 'DT422 dose.taken_at_range', 'not the day before');
SELECT is(pg_temp.act(format('dose_take(%L, NULL, -1, NULL)', :'dose')), 'DT422 dose.amount_range', 'not a negative amount');
SELECT is(pg_temp.act(format('dose_snooze(%L, 4)', :'dose')), 'DT422 dose.snooze_range', 'not for four minutes');
SELECT is(pg_temp.act(format('dose_snooze(%L, 91)', :'dose')), 'DT422 dose.snooze_range', 'not past the grace');
SELECT is(pg_temp.act(format('dose_undo(%L)', :'dose')), 'DT409 dose.nothing_to_undo', 'nothing to take back');
SELECT is((SELECT count(*)::integer FROM dose_events WHERE patient_id = :patient), 0, 'refusals leave nothing');
SELECT is(pg_temp.act(format('dose_take(%L, NULL, 0.5, %L, %L)', :'dose', 'half of it', '00000000-0000-7000-8000-0000000007c1')), 'taken false 0.50', 'taken');
SELECT is(pg_temp.act(format('dose_take(%L, NULL, NULL, NULL)', :'dose')), 'DT409 dose.not_pending', 'not twice');
SELECT is(pg_temp.act(format('dose_take(%L, NULL, 1, NULL, %L)', :'dose', '00000000-0000-7000-8000-0000000007c1')), 'taken false 0.50', 'the same event again changes nothing');
SELECT is(pg_temp.act(format('dose_undo(%L)', :'dose')), 'pending false -', 'taken back');
SELECT is(pg_temp.act(format('dose_skip(%L, %L)', :'dose', 'felt sick')), 'skipped false -', 'skipped');
SELECT is((SELECT string_agg(event || ':' || from_status || ':' || to_status, ' ' ORDER BY id) FROM dose_events WHERE patient_id = :patient), 'take:pending:taken undo:taken:pending skip:pending:skipped', 'all of it is kept');
SELECT is((SELECT undone ->> 'dose_taken' FROM dose_events WHERE patient_id = :patient AND event = 'undo'), '0.50', 'with what was taken back');
SELECT is(pg_temp.refused('UPDATE dose_events SET note = NULL'), 'DT409 dose_events.append_only', 'events do not change');
SELECT is(pg_temp.refused('DELETE FROM dose_events'), 'DT409 dose_events.append_only', 'nor go');

-- Late, and told late.
SELECT pg_temp.put('missed', 'missed') \g /dev/null
SAVEPOINT missed;
SELECT is(pg_temp.act(format('dose_take(%L, NULL, NULL, NULL)', :'dose')), 'taken false 1.00', 'a missed dose that was taken in time is not late');
ROLLBACK TO missed;
SELECT pg_temp.dose_due('00000000-0000-7000-8000-0000000002c1', '5 hours') AS old \gset
SELECT is(pg_temp.run_as('dastern_reminders', :patient, format('SELECT taken_late FROM dose_take(%L, NULL, NULL, NULL)', :'old')), 'true', 'after the grace it is');

-- As needed.
UPDATE medications SET as_needed = true, max_doses_per_day = 2, min_interval_minutes = 60 WHERE id = :m1;
CREATE FUNCTION pg_temp.log(at timestamptz) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.refusal('dastern_reminders', '00000000-0000-7000-8000-0000000000c1', format('SELECT dose_log(%L, %L, 1, NULL)', '00000000-0000-7000-8000-0000000002c1', at)) $$;
SELECT date_trunc('day', now() AT TIME ZONE 'Asia/Phnom_Penh' - interval '2 days') AT TIME ZONE 'Asia/Phnom_Penh' AS day \gset
SELECT is(pg_temp.log(now() - interval '8 days'), 'DT422 dose.taken_at_range', 'not of last week');
SELECT is(pg_temp.log(:'day'::timestamptz + interval '8 hours'), NULL, 'the first of a day');
SELECT is(pg_temp.log(:'day'::timestamptz + interval '8 hours 59 minutes'), 'DT409 dose.minimum_interval', 'too soon after it');
SELECT is(pg_temp.log(:'day'::timestamptz + interval '7 hours 1 minute'), 'DT409 dose.minimum_interval', 'too soon before it, told out of order');
SELECT is(pg_temp.log(:'day'::timestamptz + interval '9 hours'), NULL, 'the second');
SELECT is(pg_temp.log(:'day'::timestamptz + interval '12 hours'), 'DT409 dose.daily_maximum', 'no third');
SELECT is(pg_temp.log(:'day'::timestamptz + interval '25 hours'), NULL, 'a new day');
SELECT * FROM finish();
ROLLBACK;
