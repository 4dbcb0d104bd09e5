-- Reminders: what one may hold, and the doses planned from it for the coming days.

-- How many days ahead doses exist. Long enough for a client that is offline for a week and for calendars.
CREATE OR REPLACE FUNCTION plan_horizon() RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT 14 $$;

CREATE OR REPLACE FUNCTION template_times(t medication_schedule_templates) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_build_object('source', 'template', 'template_id', t.id, 'name', t.name,
        'morning', to_char(t.morning_time, 'HH24:MI'), 'noon', to_char(t.noon_time, 'HH24:MI'),
        'evening', to_char(t.evening_time, 'HH24:MI'), 'night', to_char(t.night_time, 'HH24:MI'))
$$;

-- The times of day for a patient: the named template, else the patient's default one, else the patient's meal times,
-- else the system's default. A template that is neither the system's nor the patient's is not found.
CREATE OR REPLACE FUNCTION slot_times(patient uuid, template uuid) RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    times jsonb;
BEGIN
    IF template IS NOT NULL THEN
        SELECT template_times(t) INTO times FROM medication_schedule_templates t
         WHERE t.id = template AND (t.user_id IS NULL OR t.user_id = patient) AND t.archived_at IS NULL;
        IF times IS NULL THEN
            PERFORM refuse_not_found();
        END IF;
        RETURN times;
    END IF;
    SELECT coalesce(
        (SELECT template_times(t) FROM medication_schedule_templates t WHERE t.user_id = patient AND t.is_default AND t.archived_at IS NULL),
        (SELECT jsonb_build_object('source', 'meal_times', 'morning', to_char(p.morning_time, 'HH24:MI'), 'noon', to_char(p.noon_time, 'HH24:MI'),
                'evening', to_char(p.evening_time, 'HH24:MI'), 'night', to_char(p.night_time, 'HH24:MI'))
           FROM patient_profiles p WHERE p.user_id = patient),
        (SELECT template_times(t) FROM medication_schedule_templates t WHERE t.user_id IS NULL AND t.is_default AND t.archived_at IS NULL))
      INTO times;
    RETURN times;
END $$;

-- Is there a day, from now on and within two years, on which both would have a dose?
CREATE OR REPLACE FUNCTION reminders_meet(a medication_reminders, b medication_reminders) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (SELECT FROM generate_series(f.first::timestamp, least(a.end_date, b.end_date, f.first + 730)::timestamp, interval '1 day') AS d
                    WHERE recurrence_on(a.recurrence, a.start_date, d::date) AND recurrence_on(b.recurrence, b.start_date, d::date))
      FROM (SELECT greatest(a.start_date, b.start_date, current_date - 1) AS first) AS f
$$;

-- Refuses a reminder whose medicine has another one at the same time of the same day: both doses would be taken. The unique index of this
-- name knows only those that begin on the same day; a request that is sent again after midnight begins on another. One medicine at a time.
CREATE OR REPLACE FUNCTION reminder_alone(r medication_reminders) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('reminders of ' || r.medication_id, 0));
    IF EXISTS (SELECT FROM medication_reminders o
                WHERE o.medication_id = r.medication_id AND o.id <> r.id AND o.is_active AND o.scheduled_time = r.scheduled_time
                  AND o.timezone = r.timezone AND reminders_meet(o, r)) THEN
        PERFORM refuse('DT409', 'reminder.duplicate', 'This medicine already has a reminder at this time.');
    END IF;
END $$;

CREATE OR REPLACE FUNCTION reminder_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF recurrence_fault(NEW.recurrence) IS NOT NULL THEN
        PERFORM refuse('DT422', 'reminder.recurrence', 'This is not a known recurrence.');
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF (SELECT as_needed FROM medications WHERE id = NEW.medication_id) THEN
            PERFORM refuse('DT422', 'reminder.as_needed', 'A medicine taken as needed has no reminder times.');
        END IF;
        NEW.timezone := coalesce(NEW.timezone, (SELECT timezone FROM users WHERE id = NEW.patient_id));
        NEW.template_snapshot := coalesce(NEW.template_snapshot, slot_times(NEW.patient_id, NEW.template_id));
        IF NEW.is_active THEN
            PERFORM reminder_alone(NEW);
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.template_snapshot, NEW.medication_id, NEW.patient_id, NEW.created_at)
       IS DISTINCT FROM (OLD.template_snapshot, OLD.medication_id, OLD.patient_id, OLD.created_at) THEN
        PERFORM refuse('DT409', 'reminder.snapshot_immutable', 'What a reminder was made from cannot be changed.');
    END IF;
    IF NEW.is_active AND NEW.timezone_policy = 'local' AND NOT (OLD.is_active AND OLD.timezone_policy = 'local') THEN
        NEW.timezone := (SELECT timezone FROM users WHERE id = NEW.patient_id);     -- which may have changed while it did not follow
    END IF;
    IF NEW.is_active AND (NEW.is_active, NEW.scheduled_time, NEW.recurrence, NEW.start_date, NEW.end_date)
                         IS DISTINCT FROM (OLD.is_active, OLD.scheduled_time, OLD.recurrence, OLD.start_date, OLD.end_date) THEN
        PERFORM reminder_alone(NEW);
    END IF;
    NEW.ended_at := CASE WHEN NEW.is_active THEN NULL ELSE coalesce(NEW.ended_at, now()) END;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE ON medication_reminders FOR EACH ROW EXECUTE FUNCTION reminder_guard();

-- Makes the doses of one reminder up to the horizon and notes how far they reach. Only those due after `after`; a day that already
-- has a dose of this reminder, of whatever time and state, gets no second one.
CREATE OR REPLACE FUNCTION reminder_plan(r medication_reminders, first date, after timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    last date := (now() AT TIME ZONE r.timezone)::date + plan_horizon();
    made integer;
BEGIN
    INSERT INTO medication_reminder_logs (id, reminder_id, medication_id, patient_id, scheduled_date, scheduled_time, time_slot, timezone,
                                          due_at, fire_at, grace_until, dose_amount, dose_unit)
    SELECT dose_uuid(o.local_date, r.scheduled_time), r.id, r.medication_id, r.patient_id, o.local_date, r.scheduled_time, r.time_slot, r.timezone,
           o.due_at, o.due_at, o.due_at + r.grace_minutes * interval '1 minute', r.dose_amount, r.dose_unit
      FROM occurrences(r.recurrence, r.scheduled_time, r.start_date, r.end_date, r.timezone, first, last) AS o
     WHERE o.due_at > after
       AND NOT (r.paused_at IS NOT NULL AND o.due_at >= r.paused_at AND o.due_at < coalesce(r.paused_until, 'infinity'))
       AND NOT EXISTS (SELECT FROM medication_reminder_logs l WHERE l.reminder_id = r.id AND l.scheduled_date = o.local_date)
    ON CONFLICT (reminder_id, scheduled_date, scheduled_time) DO NOTHING;
    GET DIAGNOSTICS made = ROW_COUNT;
    UPDATE medication_reminders SET materialized_until = greatest(last, first), next_reminder_at = reminder_next(r.id) WHERE id = r.id;
    RETURN made;
END $$;

CREATE OR REPLACE FUNCTION reminder_next(reminder uuid) RETURNS timestamptz
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    RETURN (SELECT min(l.fire_at) FROM medication_reminder_logs l
     WHERE l.reminder_id = reminder AND l.fired_at IS NULL AND l.status IN ('pending', 'snoozed') AND l.grace_until > now());
END $$;

-- A changed plan drops the doses that nobody was told of and nobody touched, and plans anew from now on; what was due stays.
CREATE OR REPLACE FUNCTION reminder_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        DELETE FROM medication_reminder_logs l
         WHERE l.reminder_id = NEW.id AND l.status = 'pending' AND l.fired_at IS NULL AND l.due_at > now()
           AND NOT EXISTS (SELECT FROM dose_events e WHERE e.dose_id = l.id AND e.scheduled_date = l.scheduled_date);
    END IF;
    IF NEW.is_active THEN
        PERFORM reminder_plan(NEW, (now() AT TIME ZONE NEW.timezone)::date, now());
    ELSE
        UPDATE medication_reminders SET next_reminder_at = NULL WHERE id = NEW.id;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER plan_new AFTER INSERT ON medication_reminders FOR EACH ROW EXECUTE FUNCTION reminder_changed();
CREATE OR REPLACE TRIGGER plan_again
    AFTER UPDATE OF scheduled_time, recurrence, start_date, end_date, timezone, timezone_policy, dose_amount, dose_unit, grace_minutes, is_active, paused_at, paused_until
    ON medication_reminders FOR EACH ROW
    WHEN ((OLD.scheduled_time, OLD.recurrence, OLD.start_date, OLD.end_date, OLD.timezone, OLD.dose_amount, OLD.dose_unit, OLD.grace_minutes,
           OLD.is_active, OLD.paused_at, OLD.paused_until)
          IS DISTINCT FROM
          (NEW.scheduled_time, NEW.recurrence, NEW.start_date, NEW.end_date, NEW.timezone, NEW.dose_amount, NEW.dose_unit, NEW.grace_minutes,
           NEW.is_active, NEW.paused_at, NEW.paused_until))
    EXECUTE FUNCTION reminder_changed();

-- A medicine that is stopped reminds no more.
CREATE OR REPLACE FUNCTION medication_stopped() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE medication_reminders SET is_active = false WHERE medication_id = NEW.id AND is_active;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER stopped AFTER UPDATE OF is_active ON medications FOR EACH ROW
    WHEN (OLD.is_active AND NOT NEW.is_active) EXECUTE FUNCTION medication_stopped();

-- The scheduler's part: carries the plans forward whose doses do not reach the horizon. A time the scheduler slept through is
-- planned too, so the gap shows as missed rather than vanishing.
CREATE OR REPLACE FUNCTION materialise_doses("limit" integer DEFAULT 500) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    r medication_reminders;
    made integer := 0;
BEGIN
    FOR r IN SELECT * FROM medication_reminders
              WHERE is_active AND materialized_until < current_date + plan_horizon() - 1
                AND (end_date IS NULL OR end_date > materialized_until)
              ORDER BY materialized_until LIMIT "limit" FOR UPDATE SKIP LOCKED LOOP
        made := made + reminder_plan(r, r.materialized_until + 1, '-infinity');
    END LOOP;
    RETURN made;
END $$;
