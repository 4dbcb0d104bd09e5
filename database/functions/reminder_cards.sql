-- Reminders and doses as clients see them. Read with the caller's rights, so the policies decide what is in them.

CREATE OR REPLACE VIEW reminder_cards WITH (security_invoker = true) AS
SELECT r.id, r.patient_id, m.id AS "medication.id", m.name AS "medication.name", m.strength AS "medication.strength",
       m.form AS "medication.form", r.template_id, r.template_snapshot, r.time_slot, r.scheduled_time,
       trim_scale(r.dose_amount) AS dose_amount, r.dose_unit, r.recurrence, r.start_date, r.end_date, r.timezone, r.timezone_policy,
       r.grace_minutes, r.is_active, r.critical, r.paused_at, r.paused_until, r.ended_at, r.next_reminder_at, r.created_at, r.updated_at
  FROM medication_reminders r JOIN medications m ON m.id = r.medication_id
 WHERE r.medication_id <> ALL ((SELECT hidden_medications())::uuid[]);

CREATE OR REPLACE VIEW dose_cards WITH (security_invoker = true) AS
SELECT d.id, d.reminder_id, m.id AS "medication.id", m.name AS "medication.name", m.strength AS "medication.strength",
       m.form AS "medication.form", d.time_slot, d.due_at, d.scheduled_date AS local_date, d.scheduled_time AS local_time, d.status,
       d.grace_until, d.actual_time AS taken_at, d.taken_late, trim_scale(d.dose_amount) AS dose_amount, d.dose_unit,
       trim_scale(d.dose_taken) AS dose_taken, d.snoozed_until, d.skip_reason, d.notes, d.patient_id
  FROM medication_reminder_logs d JOIN medications m ON m.id = d.medication_id
 WHERE d.medication_id <> ALL ((SELECT hidden_medications())::uuid[]);

-- Today, where the patient is.
CREATE OR REPLACE FUNCTION patient_today(patient uuid) RETURNS date
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN (SELECT (now() AT TIME ZONE u.timezone)::date FROM users u WHERE u.id = patient);
END $$;

-- allowed_patient for looking at lists of others: what is looked at is written down.
CREATE OR REPLACE FUNCTION viewed_other_patient(patient uuid, permission text, what text) RETURNS uuid
LANGUAGE plpgsql
AS $$
BEGIN
    patient := allowed_patient(patient, permission);
    IF patient <> app_user_id() THEN
        PERFORM audit('view', what, NULL, patient);
    END IF;
    RETURN patient;
END $$;

-- The same; the person's own reading is not written down. An expression that PostgreSQL inlines, because this is the way of most lists.
CREATE OR REPLACE FUNCTION viewed_patient(patient uuid, permission text, what text) RETURNS uuid
LANGUAGE sql
AS $$
    SELECT CASE WHEN is_own_patient(patient) THEN app_user_id() ELSE viewed_other_patient(patient, permission, what) END
$$;

-- The same for one thing that hangs on a medicine.
CREATE OR REPLACE FUNCTION viewed_medication(medication uuid, permission text, what text, id uuid) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    patient uuid := allowed_medication(medication, permission);
BEGIN
    IF patient <> app_user_id() THEN
        PERFORM audit('view', what, id, patient);
    END IF;
    RETURN true;
END $$;

-- The patient of a reminder that the caller may do `permission` with; hidden, foreign and unknown ones are refused alike.
CREATE OR REPLACE FUNCTION allowed_reminder(reminder uuid, permission text) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    medication uuid := (SELECT r.medication_id FROM medication_reminders r WHERE r.id = reminder);
BEGIN
    RETURN allowed_medication(medication, permission);
END $$;

-- The medicine to plan a reminder for: one the caller may plan for and see, checked by a person and not stopped.
CREATE OR REPLACE FUNCTION plannable_medication(medication uuid) RETURNS SETOF medications
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
BEGIN
    PERFORM allowed_medication(medication, 'manage_reminders'), allowed_medication(medication, 'view_reminders');
    IF NOT EXISTS (SELECT FROM medications m JOIN prescriptions p ON p.id = m.prescription_id
                    WHERE m.id = medication AND m.is_active AND p.status = 'completed') THEN
        PERFORM refuse('DT409', 'reminder.medication_not_current', 'This medicine is not confirmed yet, or no longer taken.');
    END IF;
    RETURN QUERY SELECT * FROM medications m WHERE m.id = medication;
END $$;

-- The days a list of doses covers: from today, a week, unless named; refused when they are more than `most`.
CREATE OR REPLACE FUNCTION dose_days(patient uuid, first date, last date, most integer) RETURNS daterange
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    first := coalesce(first, least(last, patient_today(patient)));
    last := coalesce(last, first + 6);
    IF last < first OR last - first >= most THEN
        PERFORM refuse('DT400', 'request.day_range', format('Ask for 1 to %s days, the first before the last.', most),
                       jsonb_build_object('most_days', most));
    END IF;
    RETURN daterange(first, last, '[]');
END $$;

-- The caller's own template; a preset of the system is for everybody to read and for nobody to change.
CREATE OR REPLACE FUNCTION own_template(template uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    owner uuid;
BEGIN
    SELECT t.user_id INTO owner FROM medication_schedule_templates t
     WHERE t.id = template AND t.archived_at IS NULL AND (t.user_id IS NULL OR t.user_id = app_user_id());
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    ELSIF owner IS NULL THEN
        PERFORM refuse('DT403', 'template.read_only', 'This template belongs to the system; make one of your own.');
    END IF;
    RETURN template;
END $$;

-- A new default takes the place of the old one.
CREATE OR REPLACE FUNCTION template_default() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE medication_schedule_templates t SET is_default = false
     WHERE t.user_id IS NOT DISTINCT FROM NEW.user_id AND t.is_default AND t.id <> NEW.id AND t.archived_at IS NULL;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER one_default BEFORE INSERT OR UPDATE OF is_default ON medication_schedule_templates
    FOR EACH ROW WHEN (NEW.is_default AND NEW.archived_at IS NULL) EXECUTE FUNCTION template_default();
