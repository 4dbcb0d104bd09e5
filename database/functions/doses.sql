-- The life of a dose: pending -> taken | skipped | missed | snoozed; snoozed -> pending; missed -> taken; undo -> pending.
-- Generic plans are asked for: on the partitioned table PostgreSQL would plan every call anew, which takes longer than the work.

-- What is wrong with a dose as it stands, by the code of the problem; NULL when nothing. In place of CHECK constraints, which PostgreSQL
-- would read and plan again for every statement (migration 023).
CREATE OR REPLACE FUNCTION dose_fault(d medication_reminder_logs) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    RETURN CASE
        WHEN d.status NOT IN ('pending', 'taken', 'skipped', 'missed', 'snoozed')                        THEN 'dose.status'
        WHEN d.dose_amount NOT BETWEEN 0.01 AND 500 OR d.dose_taken NOT BETWEEN 0.01 AND 500             THEN 'dose.amount_range'
        WHEN (d.status = 'taken') <> (d.actual_time IS NOT NULL AND d.dose_taken IS NOT NULL)            THEN 'dose.taken_complete'
        WHEN d.taken_late AND d.status <> 'taken'                                                        THEN 'dose.late_only_taken'
        WHEN (d.status = 'snoozed') <> (d.snoozed_until IS NOT NULL)                                     THEN 'dose.snooze_complete'
        WHEN d.grace_until < d.due_at                                                                    THEN 'dose.grace_order'
        WHEN char_length(d.notes) > 1000 OR char_length(d.skip_reason) > 500                             THEN 'dose.notes_length'
    END;
END $$;

CREATE OR REPLACE FUNCTION dose_guard() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    fault text := dose_fault(NEW);
BEGIN
    IF fault IS NOT NULL THEN
        PERFORM refuse('DT422', fault, 'This does not fit a dose.');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF uuid_date(NEW.id) <> NEW.scheduled_date THEN
            PERFORM refuse('DT422', 'dose.id_dated', 'The id of a dose carries its local date.');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.id, NEW.reminder_id, NEW.medication_id, NEW.patient_id, NEW.scheduled_date, NEW.scheduled_time, NEW.due_at, NEW.grace_until, NEW.dose_amount)
       IS DISTINCT FROM
       (OLD.id, OLD.reminder_id, OLD.medication_id, OLD.patient_id, OLD.scheduled_date, OLD.scheduled_time, OLD.due_at, OLD.grace_until, OLD.dose_amount) THEN
        PERFORM refuse('DT409', 'dose.plan_frozen', 'What a dose was planned as cannot be changed.');
    END IF;
    IF NEW.status <> OLD.status AND NOT (CASE OLD.status
            WHEN 'pending' THEN NEW.status IN ('taken', 'skipped', 'missed', 'snoozed')
            WHEN 'snoozed' THEN NEW.status IN ('pending', 'taken', 'skipped', 'missed')
            WHEN 'missed'  THEN NEW.status = 'taken'
            ELSE NEW.status = 'pending'
        END) THEN
        PERFORM refuse('DT409', 'dose.not_pending', format('A dose that is %s cannot become %s.', OLD.status, NEW.status),
                       jsonb_build_object('current_status', OLD.status));
    END IF;
    NEW.updated_at := now();
    RETURN NEW;
END $$;

-- What has happened stays; only a dose that nobody was told of and that lies ahead may go, when its plan changes.
CREATE OR REPLACE FUNCTION dose_keep() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (OLD.status <> 'pending' OR OLD.fired_at IS NOT NULL OR OLD.due_at <= now()) AND NOT is_erasing(OLD.patient_id) THEN
        PERFORM refuse('DT409', 'dose.history_kept', 'What has happened to a dose stays.');
    END IF;
    RETURN OLD;
END $$;

CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE ON medication_reminder_logs FOR EACH ROW EXECUTE FUNCTION dose_guard();
CREATE OR REPLACE TRIGGER keep BEFORE DELETE ON medication_reminder_logs FOR EACH ROW EXECUTE FUNCTION dose_keep();
CREATE OR REPLACE TRIGGER keep_truncate BEFORE TRUNCATE ON medication_reminder_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON dose_events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only_truncate BEFORE TRUNCATE ON dose_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- plpgsql, as an SQL function with a FROM is parsed and planned anew in each transaction.
CREATE OR REPLACE FUNCTION dose_card(d medication_reminder_logs) RETURNS dose_card
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    card dose_card;
BEGIN
    SELECT d.id, d.reminder_id, d.medication_id, d.patient_id, m.name, m.strength, m.form, d.time_slot, d.due_at, d.scheduled_date,
           d.scheduled_time, d.status, d.grace_until, d.actual_time, d.taken_late, d.dose_amount, d.dose_unit, d.dose_taken, d.snoozed_until
      INTO card FROM medications m WHERE m.id = d.medication_id;
    RETURN card;
END $$;

-- The dose, locked, if the caller may log for its patient; refused as not found otherwise.
CREATE OR REPLACE FUNCTION dose_held(dose uuid) RETURNS medication_reminder_logs
LANGUAGE plpgsql
AS $$
DECLARE
    d medication_reminder_logs;
BEGIN
    SELECT * INTO d FROM medication_reminder_logs WHERE id = dose AND scheduled_date = uuid_date(dose) FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    END IF;
    IF (app_role() = 'patient' AND d.patient_id = app_user_id()) IS NOT TRUE THEN      -- one's own needs no look-up
        PERFORM allowed_medication(d.medication_id, 'log_doses');
    END IF;
    RETURN d;
END $$;

-- Was this event of a client told before? Then its repetition changes nothing and answers with the dose as it is.
CREATE OR REPLACE FUNCTION dose_event_seen(d medication_reminder_logs, client_event uuid) RETURNS boolean
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN client_event IS NOT NULL
       AND EXISTS (SELECT FROM dose_events e WHERE e.patient_id = d.patient_id AND e.client_event_id = client_event AND e.dose_id = d.id);
END $$;

-- Settles a dose that the caller holds: its new state, the event behind it, the next reminder and the audit row. What belongs to another
-- state (a time taken, a snooze) goes.
CREATE OR REPLACE FUNCTION dose_settle(was medication_reminder_logs, event text, next_status text, at timestamptz, amount numeric,
                                       snooze timestamptz, note text, client_event uuid)
RETURNS dose_card
LANGUAGE plpgsql
AS $$
DECLARE
    d medication_reminder_logs;
BEGIN
    UPDATE medication_reminder_logs
       SET status = next_status, actual_time = CASE next_status WHEN 'taken' THEN at END, dose_taken = amount, snoozed_until = snooze,
           taken_late = next_status = 'taken' AND at > grace_until, fire_at = coalesce(snooze, fire_at),
           fired_at = CASE WHEN snooze IS NULL THEN fired_at END, skip_reason = CASE next_status WHEN 'skipped' THEN note END,
           notes = CASE next_status WHEN 'taken' THEN coalesce(note, notes) ELSE notes END, recorded_by = app_user_id()
     WHERE id = was.id AND scheduled_date = was.scheduled_date
    RETURNING * INTO d;
    INSERT INTO dose_events (dose_id, scheduled_date, patient_id, medication_id, event, from_status, to_status, at, actor_id, client_event_id,
                             amount, note, undone)
    VALUES (d.id, d.scheduled_date, d.patient_id, d.medication_id, event, was.status, next_status, at, app_user_id(), client_event,
            amount, note, CASE event WHEN 'undo' THEN to_jsonb(was) END);
    IF was.fired_at IS NULL OR snooze IS NOT NULL THEN
        UPDATE medication_reminders SET next_reminder_at = reminder_next(id)
         WHERE id = d.reminder_id AND coalesce(next_reminder_at >= least(was.fire_at, snooze), true);
    END IF;
    PERFORM audit('dose.' || event, 'dose', d.id, d.patient_id);
    RETURN dose_card(d);
END $$;

-- Refuses an act on a dose in a state that does not know it.
CREATE OR REPLACE FUNCTION dose_settled_already(was medication_reminder_logs) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM refuse('DT409', 'dose.not_pending', 'This dose is already settled.', jsonb_build_object('current_status', was.status));
END $$;

-- Taken at `taken_at` (now when NULL; at most 5 minutes ahead of the server's clock, at most 12 hours before it was due), `dose_taken`
-- (the planned amount when NULL). Late is what was taken after the grace; a dose taken in time but told late is not late.
CREATE OR REPLACE FUNCTION dose_take(dose uuid, taken_at timestamptz, dose_taken numeric, notes text, client_event uuid DEFAULT NULL)
RETURNS SETOF dose_card
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan ROWS 1
AS $$
DECLARE
    was medication_reminder_logs := dose_held(dose);
BEGIN
    IF client_event IS NOT NULL AND dose_event_seen(was, client_event) THEN
        RETURN NEXT dose_card(was);
        RETURN;
    ELSIF was.due_at > now() + interval '12 hours' THEN
        PERFORM refuse('DT422', 'dose.too_early', 'This dose is not due for more than 12 hours.', jsonb_build_object('due_at', was.due_at));
    ELSIF taken_at > now() + interval '5 minutes' OR taken_at < was.due_at - interval '12 hours' THEN
        PERFORM refuse('DT422', 'dose.taken_at_range', 'This time does not fit the dose.');
    ELSIF was.status NOT IN ('pending', 'snoozed', 'missed') THEN
        PERFORM dose_settled_already(was);
    END IF;
    RETURN NEXT dose_settle(was, 'take', 'taken', coalesce(taken_at, now()), coalesce(dose_take.dose_taken, was.dose_amount),
                                           NULL, dose_take.notes, client_event);
END $$;

CREATE OR REPLACE FUNCTION dose_skip(dose uuid, reason text, client_event uuid DEFAULT NULL) RETURNS SETOF dose_card
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan ROWS 1
AS $$
DECLARE
    was medication_reminder_logs := dose_held(dose);
BEGIN
    IF client_event IS NOT NULL AND dose_event_seen(was, client_event) THEN
        RETURN NEXT dose_card(was);
        RETURN;
    ELSIF was.status NOT IN ('pending', 'snoozed') THEN
        PERFORM dose_settled_already(was);
    END IF;
    RETURN NEXT dose_settle(was, 'skip', 'skipped', now(), NULL, NULL, reason, client_event);
END $$;

-- Reminds again after `minutes` (5 to 240), which must still be within the grace: a snooze never hides a missed dose.
CREATE OR REPLACE FUNCTION dose_snooze(dose uuid, minutes integer, client_event uuid DEFAULT NULL) RETURNS SETOF dose_card
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan ROWS 1
AS $$
DECLARE
    was medication_reminder_logs := dose_held(dose);
    until timestamptz := greatest(now(), was.due_at) + minutes * interval '1 minute';
BEGIN
    IF client_event IS NOT NULL AND dose_event_seen(was, client_event) THEN
        RETURN NEXT dose_card(was);
        RETURN;
    ELSIF was.status NOT IN ('pending', 'snoozed') THEN
        PERFORM dose_settled_already(was);
    ELSIF minutes NOT BETWEEN 5 AND 240 OR until >= was.grace_until THEN
        PERFORM refuse('DT422', 'dose.snooze_range', 'Snooze for 5 minutes or more, and within the time this dose can wait.',
                       jsonb_build_object('grace_until', was.grace_until));
    END IF;
    RETURN NEXT dose_settle(was, 'snooze', 'snoozed', now(), NULL, until, NULL, client_event);
END $$;

-- Back to pending, whatever the person had told; the events keep both. A dose past its grace will be found missed again.
CREATE OR REPLACE FUNCTION dose_undo(dose uuid, client_event uuid DEFAULT NULL) RETURNS SETOF dose_card
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan ROWS 1
AS $$
DECLARE
    was medication_reminder_logs := dose_held(dose);
BEGIN
    IF client_event IS NOT NULL AND dose_event_seen(was, client_event) THEN
        RETURN NEXT dose_card(was);
        RETURN;
    ELSIF was.status NOT IN ('taken', 'skipped', 'snoozed') OR was.reminder_id IS NULL THEN
        PERFORM refuse('DT409', 'dose.nothing_to_undo', 'There is nothing to take back.', jsonb_build_object('current_status', was.status));
    END IF;
    RETURN NEXT dose_settle(was, 'undo', 'pending', now(), NULL, NULL, NULL, client_event);
END $$;

-- A dose taken as needed. Refused past the daily maximum or before the interval is over, with when the next would be right.
CREATE OR REPLACE FUNCTION dose_log(medication uuid, taken_at timestamptz, dose_taken numeric, notes text, client_event uuid DEFAULT NULL)
RETURNS SETOF dose_card
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET plan_cache_mode = force_generic_plan ROWS 1
AS $$
DECLARE
    patient uuid := allowed_medication(medication, 'log_doses');
    zone text := (SELECT timezone FROM users WHERE id = patient);
    m medications;
    d medication_reminder_logs;
BEGIN
    SELECT * INTO m FROM medications WHERE id = medication FOR UPDATE;      -- one at a time, so that the limits are exact
    SELECT l.* INTO d FROM dose_events e JOIN medication_reminder_logs l ON l.id = e.dose_id AND l.scheduled_date = e.scheduled_date
     WHERE e.patient_id = patient AND e.client_event_id = client_event;
    IF FOUND THEN
        RETURN NEXT dose_card(d);
        RETURN;
    END IF;
    IF NOT m.as_needed OR NOT m.is_active THEN
        PERFORM refuse('DT409', 'dose.not_as_needed', 'This medicine is not one to be taken as needed.');
    END IF;
    d.actual_time := coalesce(taken_at, now());
    IF d.actual_time NOT BETWEEN now() - interval '7 days' AND now() + interval '5 minutes' THEN
        PERFORM refuse('DT422', 'dose.taken_at_range', 'Tell a dose within a week, and not before it is taken.');
    END IF;
    PERFORM as_needed_limits(m, d.actual_time, zone);
    d.scheduled_date := (d.actual_time AT TIME ZONE zone)::date;
    d.scheduled_time := date_trunc('minute', d.actual_time AT TIME ZONE zone)::time;
    INSERT INTO medication_reminder_logs (id, medication_id, patient_id, scheduled_date, scheduled_time, time_slot, timezone, due_at, grace_until,
                                          fire_at, fired_at, status, dose_amount, dose_unit, actual_time, dose_taken, notes, recorded_by)
    VALUES (dose_uuid(d.scheduled_date, d.scheduled_time), m.id, patient, d.scheduled_date, d.scheduled_time, 'custom', zone, d.actual_time,
            d.actual_time, d.actual_time, now(), 'taken', coalesce(dose_log.dose_taken, 1), m.dose_unit, d.actual_time,
            coalesce(dose_log.dose_taken, 1), dose_log.notes, app_user_id())
    RETURNING * INTO d;
    INSERT INTO dose_events (dose_id, scheduled_date, patient_id, medication_id, event, to_status, at, actor_id, client_event_id, amount, note)
    VALUES (d.id, d.scheduled_date, patient, m.id, 'log', 'taken', d.actual_time, app_user_id(), client_event, d.dose_taken, dose_log.notes);
    PERFORM audit('dose.log', 'dose', d.id, patient);
    RETURN NEXT dose_card(d);
END $$;

-- Both limits count around the told time, so that telling doses out of order cannot get past them.
CREATE OR REPLACE FUNCTION as_needed_limits(m medications, at timestamptz, zone text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    day timestamp := date_trunc('day', at AT TIME ZONE zone);
    last_at timestamptz;
BEGIN
    SELECT max(l.actual_time) INTO last_at FROM medication_reminder_logs l
     WHERE l.medication_id = m.id AND l.status = 'taken' AND l.actual_time > at - m.min_interval_minutes * interval '1 minute'
       AND l.actual_time < at + m.min_interval_minutes * interval '1 minute';
    IF last_at IS NOT NULL THEN
        PERFORM refuse('DT409', 'dose.minimum_interval', 'It is too soon after another dose.',
                       jsonb_build_object('next_allowed_at', last_at + m.min_interval_minutes * interval '1 minute'));
    END IF;
    IF m.max_doses_per_day <= (SELECT count(*) FROM medication_reminder_logs l
                                WHERE l.medication_id = m.id AND l.status = 'taken'
                                  AND l.actual_time >= day AT TIME ZONE zone AND l.actual_time < (day + interval '1 day') AT TIME ZONE zone) THEN
        PERFORM refuse('DT409', 'dose.daily_maximum', 'The most for one day has been taken.',
                       jsonb_build_object('next_allowed_at', (day + interval '1 day') AT TIME ZONE zone));
    END IF;
END $$;
