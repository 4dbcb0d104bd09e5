-- A prescription from the queue to the draft, its edits with their versions, and where each field came from.

CREATE OR REPLACE FUNCTION prescription_guard() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.patient_id <> OLD.patient_id OR NEW.created_by <> OLD.created_by THEN
        PERFORM refuse('DT409', 'prescription.owner_fixed', 'A prescription stays with its patient.');
    END IF;
    IF NEW.status <> OLD.status AND NOT (CASE OLD.status
            WHEN 'processing' THEN NEW.status IN ('completed', 'error', 'archived')
            WHEN 'error'      THEN NEW.status IN ('processing', 'completed', 'archived')
            WHEN 'completed'  THEN NEW.status = 'archived'
            ELSE false
        END) THEN
        PERFORM refuse('DT409', 'prescription.status_order', format('A prescription that is %s cannot become %s.', OLD.status, NEW.status),
                       jsonb_build_object('current_status', OLD.status));
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard BEFORE UPDATE ON prescriptions FOR EACH ROW EXECUTE FUNCTION prescription_guard();

-- Puts the picture of a prescription to the readers. Again after an error or for another try at a draft; not once it is confirmed.
CREATE OR REPLACE FUNCTION prescription_enqueue(prescription uuid, priority integer DEFAULT 0) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    patient uuid := allowed_prescription(prescription, 'write_prescriptions');
    p prescriptions;
    job uuid;
BEGIN
    SELECT * INTO p FROM prescriptions AS t WHERE t.id = prescription FOR UPDATE;
    IF p.status NOT IN ('processing', 'error') OR p.original_image_url IS NULL THEN
        PERFORM refuse('DT409', 'prescription.not_readable_again', 'There is no picture to be read, or it has been confirmed.',
                       jsonb_build_object('current_status', p.status));
    END IF;
    UPDATE prescriptions AS t SET status = 'processing' WHERE t.id = prescription AND t.status = 'error';
    INSERT INTO prescription_processing_queue (prescription_id, priority, payload)
    VALUES (prescription, priority, jsonb_build_object('prescription_id', prescription, 'image', p.original_image_url, 'image_type', p.image_type))
    RETURNING id INTO job;
    PERFORM audit('prescription.enqueue', 'prescription', prescription, patient);
    RETURN job;
END $$;

-- A dead job leaves the prescription in error, one that is tried again takes it out of that; every step is announced to those who wait.
CREATE OR REPLACE FUNCTION processing_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF NEW.status = 'dead' THEN
        UPDATE prescriptions SET status = 'error' WHERE id = NEW.prescription_id AND status = 'processing';
        IF FOUND THEN
            PERFORM notify_user(p.created_by, 'prescription.failed', jsonb_build_object('prescription_id', p.id), 'prescription.failed:' || NEW.id)
               FROM prescriptions p WHERE p.id = NEW.prescription_id;
        END IF;
    ELSIF TG_OP = 'UPDATE' AND OLD.status = 'dead' THEN
        UPDATE prescriptions SET status = 'processing' WHERE id = NEW.prescription_id AND status = 'error';
    END IF;
    PERFORM pg_notify('prescription_progress', NEW.prescription_id::text);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER changed AFTER INSERT OR UPDATE OF status, stage, progress ON prescription_processing_queue
    FOR EACH ROW EXECUTE FUNCTION processing_changed();

-- What the reader says of one field: {"value", "confidence", "source", "box", "unsure"}.
CREATE OR REPLACE FUNCTION draft_provenance(p prescriptions, medication uuid, cells jsonb) RETURNS void
LANGUAGE sql
AS $$
    INSERT INTO medication_provenance (medication_id, prescription_id, patient_id, field, source, value, confidence, box)
    SELECT medication, p.id, p.patient_id, c.key, c.value ->> 'source', left(c.value ->> 'value', 1000), (c.value ->> 'confidence')::numeric,
           CASE jsonb_typeof(c.value -> 'box') WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(c.value -> 'box')::integer) END
      FROM jsonb_each(cells) AS c
$$;

CREATE OR REPLACE FUNCTION draft_unsure(cells jsonb) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$ SELECT coalesce(array_agg(key ORDER BY key), '{}') FROM jsonb_each(cells) WHERE value @> '{"unsure": true}' $$;

-- A row of the table as a medicine. What could not be read is NULL (a dose: 0) and stands in `unsure`.
CREATE OR REPLACE FUNCTION draft_medication(p prescriptions, seq integer, cells jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    read jsonb := (SELECT jsonb_object_agg(key, value -> 'value') FROM jsonb_each(cells) WHERE value -> 'value' <> 'null');
    m medications := jsonb_populate_record(NULL::medications, medication_columns(coalesce(read, '{}')));
    unsure text[] := draft_unsure(cells);
BEGIN
    IF coalesce(btrim(m.name), '') = '' AND 'name' <> ALL (unsure) THEN
        unsure := unsure || 'name'::text;
    END IF;
    INSERT INTO medications (prescription_id, patient_id, sequence_number, name, generic_name, strength, form, quantity, quantity_unit, duration_days,
                             dose_morning, dose_noon, dose_evening, dose_night, dose_unit, instructions, meal_relation, as_needed, unsure, confidence)
    VALUES (p.id, p.patient_id, seq, coalesce(m.name, ''), m.generic_name, m.strength, m.form, m.quantity, m.quantity_unit, m.duration_days,
            coalesce(m.dose_morning, 0), coalesce(m.dose_noon, 0), coalesce(m.dose_evening, 0), coalesce(m.dose_night, 0), m.dose_unit,
            m.instructions, m.meal_relation, coalesce(m.as_needed, false), unsure,
            (SELECT min((value ->> 'confidence')::numeric) FROM jsonb_each(cells)))
    RETURNING id INTO m.id;
    PERFORM draft_provenance(p, m.id, cells);
END $$;

CREATE OR REPLACE FUNCTION draft_header(p prescriptions, draft jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    h jsonb := (SELECT coalesce(jsonb_object_agg(key, value -> 'value'), '{}') FROM jsonb_each(coalesce(draft -> 'header', '{}')));
    r prescriptions := jsonb_populate_record(NULL::prescriptions, h);
    files jsonb := coalesce(draft -> 'files', '{}');
BEGIN
    UPDATE prescriptions
       SET hospital_name = r.hospital_name, prescribing_doctor_name = r.prescribing_doctor_name, patient_age = r.patient_age,
           patient_gender = r.patient_gender, diagnosis = r.diagnosis, prescription_date = r.prescription_date,
           unsure = draft_unsure(coalesce(draft -> 'header', '{}')), ocr_confidence_score = (draft ->> 'confidence')::numeric,
           ai_confidence_score = (draft ->> 'ai_confidence')::numeric, ocr_text = left(draft ->> 'ocr_text', 100000),
           rectified_image_url = coalesce(files ->> 'rectified', rectified_image_url), thumbnail_url = coalesce(files ->> 'thumbnail', thumbnail_url),
           image_width = coalesce((files ->> 'width')::integer, image_width), image_height = coalesce((files ->> 'height')::integer, image_height)
     WHERE id = p.id;
    PERFORM draft_provenance(p, NULL, coalesce(draft -> 'header', '{}'));
END $$;

-- Keeps what a reader found as the draft of its prescription and finishes the job, stage "review". False when the lease was lost or the
-- prescription is no longer waiting for a draft (archived meanwhile): the result is dropped.
CREATE OR REPLACE FUNCTION store_draft(job uuid, worker text, attempt integer, draft jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    p prescriptions;
BEGIN
    UPDATE prescription_processing_queue
       SET status = 'done', stage = 'review', progress = 100, completed_at = now(), locked_by = NULL, locked_until = NULL, last_error = NULL
     WHERE id = job AND status = 'running' AND locked_by = worker AND attempts = attempt
    RETURNING prescription_id INTO p.id;
    SELECT * INTO p FROM prescriptions WHERE id = p.id AND status = 'processing' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM medications WHERE prescription_id = p.id;
    DELETE FROM medication_provenance WHERE prescription_id = p.id;
    PERFORM draft_header(p, draft);
    PERFORM draft_medication(p, n::integer, cells) FROM jsonb_array_elements(draft -> 'medications') WITH ORDINALITY AS m (cells, n);
    PERFORM notify_user(p.created_by, 'prescription.ready', jsonb_build_object('prescription_id', p.id), 'prescription.ready:' || job);
    PERFORM audit('prescription.read', 'prescription', p.id, p.patient_id, jsonb_build_object('medications', jsonb_array_length(draft -> 'medications')));
    RETURN true;
END $$;

-- Fields of a medicine as clients name them -> columns; any other key is refused.
CREATE OR REPLACE FUNCTION medication_columns(fields jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    known text[] := '{name,generic_name,strength,form,quantity,quantity_unit,duration_days,dose_unit,instructions,meal_relation,as_needed,max_doses_per_day,min_interval_minutes}';
    flat jsonb := medication_fields(fields);
    slots text[] := '{doses.morning,doses.noon,doses.evening,doses.night}';
BEGIN
    IF flat - known - slots <> '{}' THEN
        PERFORM refuse('DT422', 'medication.unknown_field', format('Unknown field: %s.', (SELECT min(k) FROM jsonb_object_keys(flat - known - slots) k)));
    END IF;
    RETURN (SELECT coalesce(jsonb_object_agg(replace(key, 'doses.', 'dose_'), value), '{}') FROM jsonb_each(flat));
END $$;

-- The same fields with {"doses": {"morning": 1}} as {"doses.morning": 1}, the names used in `unsure` and in provenance.
CREATE OR REPLACE FUNCTION medication_fields(fields jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT (fields - '{doses,id,remove,accept}'::text[])
           || coalesce((SELECT jsonb_object_agg('doses.' || key, value)
                          FROM jsonb_each(CASE jsonb_typeof(fields -> 'doses') WHEN 'object' THEN fields -> 'doses' END)), '{}')
$$;

-- The prescription and its medicines as they stand now.
CREATE OR REPLACE FUNCTION prescription_snapshot(prescription uuid) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT to_jsonb(p) - 'ocr_text' || jsonb_build_object('medications', coalesce((SELECT jsonb_agg(to_jsonb(m) ORDER BY m.sequence_number)
               FROM medications m WHERE m.prescription_id = p.id), '[]'))
      FROM prescriptions p WHERE p.id = prescription
$$;

-- Keeps the state before an edit. Call it before the first change of a transaction, with the prescription's row locked.
CREATE OR REPLACE FUNCTION prescription_keep(p prescriptions, reason text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO prescription_versions (prescription_id, patient_id, version, snapshot, reason, changed_by)
    VALUES (p.id, p.patient_id, p.version, prescription_snapshot(p.id), prescription_keep.reason, app_user_id());
    UPDATE prescriptions SET version = version + 1 WHERE id = p.id;
END $$;

-- Sets fields of a medicine as a person gave them, and notes it. A row of `m` without id is a new medicine, put at the end.
-- Whatever the person gave or accepted is no longer unsure.
CREATE OR REPLACE FUNCTION medication_set(p prescriptions, m medications, fields jsonb) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    given jsonb := medication_fields(fields);
    accepted text[] := ARRAY(SELECT jsonb_array_elements_text(coalesce(fields -> 'accept', '[]')));
    was_new boolean := m.id IS NULL;
BEGIN
    m := jsonb_populate_record(m, medication_columns(fields));
    IF was_new THEN
        INSERT INTO medications (prescription_id, patient_id, sequence_number, name)
        SELECT p.id, p.patient_id, coalesce(max(sequence_number), 0) + 1, coalesce(m.name, '') FROM medications WHERE prescription_id = p.id
        RETURNING id INTO m.id;
    END IF;
    UPDATE medications
       SET name = coalesce(m.name, ''), generic_name = m.generic_name, strength = m.strength, form = m.form, quantity = m.quantity,
           quantity_unit = m.quantity_unit, duration_days = m.duration_days, dose_morning = coalesce(m.dose_morning, 0),
           dose_noon = coalesce(m.dose_noon, 0), dose_evening = coalesce(m.dose_evening, 0), dose_night = coalesce(m.dose_night, 0),
           dose_unit = m.dose_unit, instructions = m.instructions, meal_relation = m.meal_relation, as_needed = coalesce(m.as_needed, false),
           max_doses_per_day = m.max_doses_per_day, min_interval_minutes = m.min_interval_minutes,
           unsure = ARRAY(SELECT u FROM unnest(unsure) u WHERE NOT given ? u AND u <> ALL (accepted))
     WHERE id = m.id;
    INSERT INTO medication_provenance (medication_id, prescription_id, patient_id, field, source, value, recorded_by)
    SELECT m.id, p.id, p.patient_id, f.key, 'human', left(f.value, 1000), app_user_id()
      FROM (SELECT key, value FROM jsonb_each_text(given)
            UNION ALL
            SELECT a, (SELECT v.value FROM medication_provenance v WHERE v.medication_id = m.id AND v.field = a ORDER BY v.id DESC LIMIT 1)
              FROM unnest(accepted) a WHERE NOT given ? a AND NOT was_new) AS f (key, value);
    RETURN m.id;
END $$;

-- Locks a prescription that may be edited by hand: not archived, and not being read at this moment.
CREATE OR REPLACE FUNCTION prescription_held(prescription uuid) RETURNS prescriptions
LANGUAGE plpgsql
AS $$
DECLARE
    p prescriptions;
BEGIN
    PERFORM allowed_prescription(prescription, 'write_prescriptions');
    SELECT * INTO p FROM prescriptions WHERE id = prescription FOR UPDATE;
    IF p.status = 'archived' OR EXISTS (SELECT FROM prescription_processing_queue q WHERE q.prescription_id = p.id AND q.status IN ('queued', 'running')) THEN
        PERFORM refuse('DT409', 'prescription.not_editable', 'This prescription is being read or is archived.', jsonb_build_object('current_status', p.status));
    END IF;
    RETURN p;
END $$;

-- Writes a prescription by hand: header fields and medicines as clients name them. Complete at once: a person wrote it. Returns its id.
CREATE OR REPLACE FUNCTION prescription_create(patient uuid, header jsonb, medications jsonb) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    owner uuid := allowed_patient(patient, 'write_prescriptions');
    h prescriptions := jsonb_populate_record(NULL::prescriptions, coalesce(header, '{}'));
    p prescriptions;
BEGIN
    IF coalesce(jsonb_array_length(medications), 0) = 0 THEN
        PERFORM refuse('DT422', 'prescription.no_medications', 'A prescription needs a medicine.');
    END IF;
    INSERT INTO prescriptions (patient_id, doctor_id, created_by, source, status, hospital_name, prescribing_doctor_name, patient_age, patient_gender,
                               diagnosis, prescription_date, notes, confirmed_at, confirmed_by)
    VALUES (owner, CASE app_role() WHEN 'doctor' THEN app_user_id() END, app_user_id(), 'manual', 'completed', h.hospital_name, h.prescribing_doctor_name,
            h.patient_age, h.patient_gender, h.diagnosis, h.prescription_date, h.notes, now(), app_user_id())
    RETURNING * INTO p;
    PERFORM medication_set(p, NULL::medications, m) FROM jsonb_array_elements(medications) AS m;
    PERFORM audit('prescription.create', 'prescription', p.id, owner);
    RETURN p.id;
END $$;

-- Changes header fields (those named in `header`; null empties one).
CREATE OR REPLACE FUNCTION prescription_edit(prescription uuid, header jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    known text[] := '{hospital_name,prescribing_doctor_name,patient_age,patient_gender,diagnosis,prescription_date,notes}';
    p prescriptions := prescription_held(prescription);
    h prescriptions;
BEGIN
    IF header - known <> '{}' THEN
        PERFORM refuse('DT422', 'prescription.unknown_field', 'Unknown field.');
    END IF;
    PERFORM prescription_keep(p, 'edit');
    h := jsonb_populate_record(p, header);
    UPDATE prescriptions
       SET hospital_name = h.hospital_name, prescribing_doctor_name = h.prescribing_doctor_name, patient_age = h.patient_age,
           patient_gender = h.patient_gender, diagnosis = h.diagnosis, prescription_date = h.prescription_date, notes = h.notes,
           unsure = ARRAY(SELECT u FROM unnest(unsure) u WHERE NOT header ? u)
     WHERE id = p.id;
    INSERT INTO medication_provenance (prescription_id, patient_id, field, source, value, recorded_by)
    SELECT p.id, p.patient_id, key, 'human', left(value, 1000), app_user_id() FROM jsonb_each_text(header);
    PERFORM audit('prescription.edit', 'prescription', p.id, p.patient_id, jsonb_build_object('fields', (SELECT jsonb_agg(k) FROM jsonb_object_keys(header) k)));
END $$;

-- Out of sight, never out of the records. Its medicines are stopped, and with them their reminders.
CREATE OR REPLACE FUNCTION prescription_archive(prescription uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    patient uuid := allowed_prescription(prescription, 'write_prescriptions');
    p prescriptions;
BEGIN
    SELECT * INTO p FROM prescriptions WHERE id = prescription FOR UPDATE;
    IF p.status = 'archived' THEN
        RETURN;
    END IF;
    PERFORM prescription_keep(p, 'archive');
    UPDATE medications SET is_active = false, ended_at = now() WHERE prescription_id = p.id AND is_active;
    UPDATE prescriptions SET status = 'archived', archived_at = now() WHERE id = p.id;
    PERFORM audit('prescription.archive', 'prescription', p.id, patient);
END $$;

CREATE OR REPLACE FUNCTION medication_add(prescription uuid, fields jsonb) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    p prescriptions := prescription_held(prescription);
    made uuid;
BEGIN
    PERFORM prescription_keep(p, 'edit');
    made := medication_set(p, NULL::medications, fields);
    PERFORM audit('medication.add', 'medication', made, p.patient_id);
    RETURN made;
END $$;

-- Changes a medicine. Its running reminders follow its doses: a changed amount changes them, a dose of 0 ends them, a new slot gets one.
CREATE OR REPLACE FUNCTION medication_edit(medication uuid, fields jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    m medications;
    p prescriptions;
BEGIN
    PERFORM allowed_medication(medication, 'view_prescriptions');
    SELECT * INTO m FROM medications WHERE id = medication;
    p := prescription_held(m.prescription_id);
    PERFORM prescription_keep(p, 'edit');
    SELECT * INTO m FROM medications WHERE id = medication FOR UPDATE;
    PERFORM medication_set(p, m, fields);
    PERFORM reminders_follow(medication);
    PERFORM audit('medication.edit', 'medication', medication, p.patient_id,
                  jsonb_build_object('fields', (SELECT jsonb_agg(k) FROM jsonb_object_keys(medication_fields(fields)) k)));
END $$;

-- Stops a medicine; what was taken stays on record.
CREATE OR REPLACE FUNCTION medication_stop(medication uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    m medications;
    p prescriptions;
BEGIN
    PERFORM allowed_medication(medication, 'view_prescriptions');
    SELECT * INTO m FROM medications WHERE id = medication;
    p := prescription_held(m.prescription_id);
    PERFORM prescription_keep(p, 'edit');
    UPDATE medications SET is_active = false, ended_at = now() WHERE id = medication AND is_active;
    PERFORM audit('medication.stop', 'medication', medication, p.patient_id);
END $$;
