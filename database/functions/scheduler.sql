-- The scheduler's rounds. Each may run in any number of schedulers at once; only the database's clock counts.

-- Tells the patients of the doses that are due: the mark "fired", the notice and its deliveries in one statement, so a dose is
-- fired once whoever dies in between. A dose whose grace is over is not fired any more; it will be found missed.
CREATE OR REPLACE FUNCTION fire_due_doses("limit" integer DEFAULT 200) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH due AS MATERIALIZED (
        SELECT id, scheduled_date FROM medication_reminder_logs
         WHERE fired_at IS NULL AND status IN ('pending', 'snoozed') AND fire_at <= now() AND grace_until > now()
         ORDER BY fire_at LIMIT "limit" FOR UPDATE SKIP LOCKED
    ), fired AS (
        UPDATE medication_reminder_logs l
           SET fired_at = now(), fire_count = l.fire_count + 1, status = 'pending', snoozed_until = NULL
          FROM due WHERE l.id = due.id AND l.scheduled_date = due.scheduled_date
        RETURNING l.*
    ), ahead AS (
        UPDATE medication_reminders r
           SET next_reminder_at = (SELECT min(l.fire_at) FROM medication_reminder_logs l
                                    WHERE l.reminder_id = r.id AND l.fired_at IS NULL AND l.status IN ('pending', 'snoozed')
                                      AND l.id NOT IN (SELECT id FROM due))
         WHERE r.id IN (SELECT reminder_id FROM fired)
    )
    SELECT coalesce(notify_many(array_agg(f.patient_id), 'dose.due',
               array_agg(jsonb_build_object('dose_id', f.id, 'medication', m.name, 'amount', trim_scale(f.dose_amount), 'unit', coalesce(f.dose_unit, ''),
                                            'time', to_char(f.scheduled_time, 'HH24:MI'))),
               array_agg('dose.due:' || f.id || ':' || f.fire_count)), 0)
      FROM fired f JOIN medications m ON m.id = f.medication_id
$$;

-- Finds the doses whose grace is over, tells the patient and the relatives who asked to be alerted. A medicine hidden from a relative
-- raises no alert there, and its name only reaches who may see reminders. After a long standstill only the last half day is told.
CREATE OR REPLACE FUNCTION mark_missed_doses("limit" integer DEFAULT 200) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH over AS MATERIALIZED (
        SELECT id, scheduled_date, status FROM medication_reminder_logs
         WHERE status IN ('pending', 'snoozed') AND grace_until <= now()
         ORDER BY grace_until LIMIT "limit" FOR UPDATE SKIP LOCKED
    ), missed AS (
        UPDATE medication_reminder_logs l SET status = 'missed', snoozed_until = NULL
          FROM over WHERE l.id = over.id AND l.scheduled_date = over.scheduled_date
        RETURNING l.*, over.status AS was
    ), kept AS (
        INSERT INTO dose_events (dose_id, scheduled_date, patient_id, medication_id, event, from_status, to_status, at)
        SELECT id, scheduled_date, patient_id, medication_id, 'miss', was, 'missed', grace_until FROM missed
    ), told AS (
        SELECT d.patient_id AS user_id, 'dose.missed' AS type, d.id, m.name AS medication, d.scheduled_time, NULL::text AS patient
          FROM missed d JOIN medications m ON m.id = d.medication_id WHERE d.grace_until > now() - interval '12 hours'
        UNION ALL
        SELECT f.family_member_id, 'family.dose_missed', d.id, CASE WHEN f.view_reminders THEN m.name ELSE '' END, d.scheduled_time,
               u.first_name || ' ' || u.last_name
          FROM missed d JOIN medications m ON m.id = d.medication_id JOIN users u ON u.id = d.patient_id
          JOIN family_relationships f ON f.patient_id = d.patient_id AND f.status = 'active' AND f.receive_alerts
               AND (f.expires_at IS NULL OR f.expires_at > now()) AND d.medication_id <> ALL (f.hidden_medication_ids)
         WHERE d.grace_until > now() - interval '12 hours'
    ), notices AS (
        SELECT notify_many(array_agg(user_id), type,
                   array_agg(jsonb_strip_nulls(jsonb_build_object('dose_id', id, 'medication', medication, 'patient', patient,
                                                                  'time', to_char(scheduled_time, 'HH24:MI')))),
                   array_agg(type || ':' || id || ':' || user_id)) AS n
          FROM told GROUP BY type
    )
    SELECT (SELECT count(*) FROM missed)::integer + 0 * coalesce((SELECT sum(n) FROM notices), 0)::integer
$$;

-- When the scheduler has to be awake next: the next firing, snooze or end of grace. NULL: nothing planned.
CREATE OR REPLACE FUNCTION next_due_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT least((SELECT min(fire_at) FROM medication_reminder_logs WHERE fired_at IS NULL AND status IN ('pending', 'snoozed') AND grace_until > now()),
                 (SELECT min(grace_until) FROM medication_reminder_logs WHERE status IN ('pending', 'snoozed')))
$$;

-- What has run out: invitations, and links past their date (their rights ended on time already, this only settles the state);
-- courses whose last day is past end; kept answers, spent codes, throttle windows and finished deliveries are cleared away. Returns how many rows were touched.
CREATE OR REPLACE FUNCTION sweep_expired() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    sweep text;
    n integer;
    total integer := 0;
BEGIN
    FOREACH sweep IN ARRAY ARRAY[
        $q$UPDATE family_invitations SET status = 'expired' WHERE status = 'pending' AND expires_at <= now()$q$,
        $q$UPDATE family_relationships SET status = 'revoked', revoked_at = expires_at WHERE status = 'active' AND expires_at <= now()$q$,
        $q$UPDATE user_sessions SET revoked_at = now(), revoked_reason = 'expired' WHERE revoked_at IS NULL AND least(expires_at, idle_expires_at) <= now()$q$,
        $q$UPDATE medication_reminders SET is_active = false WHERE is_active AND end_date < current_date - 1$q$,
        $q$UPDATE medications m SET is_active = false, ended_at = now()
            WHERE is_active AND duration_days IS NOT NULL AND EXISTS (SELECT FROM medication_reminders r WHERE r.medication_id = m.id)
              AND NOT EXISTS (SELECT FROM medication_reminders r WHERE r.medication_id = m.id AND (r.is_active OR r.end_date >= current_date - 1))$q$,
        $q$DELETE FROM user_sessions WHERE revoked_at < now() - interval '90 days'$q$,
        $q$DELETE FROM idempotency_keys WHERE expires_at <= now()$q$,
        $q$DELETE FROM verification_codes WHERE expires_at <= now() - interval '1 day'$q$,
        $q$DELETE FROM sign_in_throttle WHERE window_start <= now() - interval '2 days'$q$,
        $q$DELETE FROM outbox WHERE status = 'done' AND completed_at <= now() - interval '7 days'$q$] LOOP
        EXECUTE sweep;
        GET DIAGNOSTICS n = ROW_COUNT;
        total := total + n;
    END LOOP;
    RETURN total;
END $$;
