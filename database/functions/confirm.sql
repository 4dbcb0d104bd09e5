-- A person has checked the draft: the corrections go in, the prescription is complete, and its reminders come into being.

CREATE OR REPLACE FUNCTION medication_slots(m medications) RETURNS TABLE (slot text, amount numeric)
LANGUAGE sql IMMUTABLE
AS $$ VALUES ('morning', m.dose_morning), ('noon', m.dose_noon), ('evening', m.dose_evening), ('night', m.dose_night) $$;

-- A reminder for each slot of a medicine that has a dose and no running reminder yet. A slot whose time on the first day is already past
-- begins, and therefore ends, a day later, so that every slot gets the full course. Returns how many were made.
CREATE OR REPLACE FUNCTION reminders_make(m medications, times jsonb, first_day date) RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    zone text := (SELECT timezone FROM users WHERE id = m.patient_id);
    today date := (now() AT TIME ZONE zone)::date;
    made integer;
BEGIN
    INSERT INTO medication_reminders (medication_id, patient_id, template_id, template_snapshot, time_slot, scheduled_time, dose_amount, dose_unit,
                                      start_date, end_date, timezone, created_by)
    SELECT m.id, m.patient_id, (times ->> 'template_id')::uuid, times, s.slot, t.at, s.amount, coalesce(m.dose_unit, m.form),
           d.start, d.start + m.duration_days - 1, zone, app_user_id()
      FROM medication_slots(m) AS s
     CROSS JOIN LATERAL (SELECT (times ->> s.slot)::time AS at) AS t
     CROSS JOIN LATERAL (SELECT coalesce(first_day, today) AS day) AS f
     CROSS JOIN LATERAL (SELECT f.day + (f.day = today AND wall_to_instant(f.day + t.at, zone) <= now())::integer AS start) AS d
     WHERE s.amount > 0 AND NOT m.as_needed
       AND NOT EXISTS (SELECT FROM medication_reminders r WHERE r.medication_id = m.id AND r.time_slot = s.slot AND r.is_active);
    GET DIAGNOSTICS made = ROW_COUNT;
    RETURN made;
END $$;

-- After an edit of the medicine: see medication_edit. Without a running reminder there is nothing to follow.
CREATE OR REPLACE FUNCTION reminders_follow(medication uuid) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    m medications;
    times jsonb;
BEGIN
    SELECT * INTO m FROM medications WHERE id = medication;
    SELECT template_snapshot INTO times FROM medication_reminders WHERE medication_id = medication AND is_active ORDER BY id DESC LIMIT 1;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE medication_reminders r
       SET is_active = s.amount > 0 AND NOT m.as_needed,
           dose_amount = CASE WHEN s.amount > 0 THEN s.amount ELSE r.dose_amount END, dose_unit = coalesce(m.dose_unit, m.form),
           end_date = r.start_date + m.duration_days - 1
      FROM medication_slots(m) AS s
     WHERE r.medication_id = medication AND r.is_active AND r.time_slot = s.slot;
    PERFORM reminders_make(m, times, NULL);
END $$;

-- What stands between a draft and its confirmation: doses the reader was unsure of that nobody changed or accepted.
CREATE OR REPLACE FUNCTION unsure_doses(prescription uuid) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_agg(jsonb_build_object('medication_id', m.id, 'fields', f.fields) ORDER BY m.sequence_number)
      FROM medications m
     CROSS JOIN LATERAL (SELECT jsonb_agg(u) AS fields FROM unnest(m.unsure) u WHERE u LIKE 'doses.%' OR u = 'as\_needed') AS f
     WHERE m.prescription_id = prescription AND m.is_active AND f.fields IS NOT NULL
$$;

-- One correction: {"id"?, "remove"?, "accept"?, fields…}. Without id a new medicine; `remove` strikes a row the reader made up.
CREATE OR REPLACE FUNCTION correction_apply(p prescriptions, correction jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    m medications;
BEGIN
    IF correction ->> 'id' IS NOT NULL THEN
        SELECT * INTO m FROM medications WHERE id = (correction ->> 'id')::uuid AND prescription_id = p.id;
        IF NOT FOUND THEN
            PERFORM refuse('DT422', 'prescription.unknown_medication', 'A correction names a medicine that is not on this prescription.');
        END IF;
    END IF;
    IF correction -> 'remove' = 'true' THEN
        DELETE FROM medications WHERE id = m.id;
    ELSE
        PERFORM medication_set(p, m, correction);
    END IF;
END $$;

-- The draft becomes the prescription. Keeps the draft as a version, applies the corrections, refuses while a dose is unsure.
CREATE OR REPLACE FUNCTION draft_accept(p prescriptions, corrections jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    open_doses jsonb;
BEGIN
    PERFORM prescription_keep(p, 'confirm');
    PERFORM correction_apply(p, c) FROM jsonb_array_elements(coalesce(corrections, '[]')) AS c;
    open_doses := unsure_doses(p.id);
    IF open_doses IS NOT NULL THEN
        PERFORM refuse('DT422', 'prescription.unsure_doses', 'Check the doses the reader was not sure of.', jsonb_build_object('unsure', open_doses));
    END IF;
    IF NOT EXISTS (SELECT FROM medications WHERE prescription_id = p.id AND is_active) THEN
        PERFORM refuse('DT422', 'prescription.no_medications', 'A prescription needs a medicine.');
    END IF;
    UPDATE medications SET unsure = '{}' WHERE prescription_id = p.id AND unsure <> '{}';
    UPDATE prescriptions SET status = 'completed', unsure = '{}', confirmed_at = now(), confirmed_by = app_user_id() WHERE id = p.id;
END $$;

-- Confirms a draft once. Done again, it changes nothing and answers the same (`replayed`); only reminders that were not asked for the
-- first time are made then. Takes the patient, or a relative who may both see prescriptions and manage reminders.
CREATE OR REPLACE FUNCTION confirm_prescription(prescription uuid, corrections jsonb, create_reminders boolean, template_id uuid, start_date date)
RETURNS TABLE (prescription_id uuid, status text, version integer, reminders_created integer, replayed boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
#variable_conflict use_column
DECLARE
    patient uuid := allowed_prescription(prescription, 'view_prescriptions');
    p prescriptions;
BEGIN
    PERFORM allowed_patient(patient, 'manage_reminders');
    SELECT * INTO p FROM prescriptions WHERE id = prescription FOR UPDATE;
    replayed := p.status = 'completed';
    IF NOT replayed THEN
        IF p.status NOT IN ('processing', 'error') -- an error: what could not be read was entered by hand
           OR p.status = 'processing' AND NOT EXISTS (SELECT FROM prescription_processing_queue q
             WHERE q.prescription_id = p.id AND q.stage = 'review' AND q.status = 'done')
           OR EXISTS (SELECT FROM prescription_processing_queue q WHERE q.prescription_id = p.id AND q.status IN ('queued', 'running')) THEN
            PERFORM refuse('DT409', 'prescription.not_ready', 'There is no draft to be confirmed.', jsonb_build_object('current_status', p.status));
        END IF;
        PERFORM draft_accept(p, corrections);
    END IF;
    reminders_created := 0;
    IF create_reminders AND NOT EXISTS (SELECT FROM medication_reminders r JOIN medications m ON m.id = r.medication_id WHERE m.prescription_id = p.id) THEN
        SELECT coalesce(sum(reminders_make(m, slot_times(p.patient_id, confirm_prescription.template_id), confirm_prescription.start_date)), 0)
          INTO reminders_created FROM medications m WHERE m.prescription_id = p.id AND m.is_active;
    END IF;
    IF NOT replayed OR reminders_created > 0 THEN
        PERFORM audit('prescription.confirm', 'prescription', p.id, p.patient_id, jsonb_build_object('reminders', reminders_created));
    END IF;
    RETURN QUERY SELECT c.id, c.status::text, c.version, reminders_created, replayed FROM prescriptions c WHERE c.id = p.id;
END $$;
