-- Looking at prescriptions, and the way of a picture: taken in, kept, and what the reader says of it made fit to be stored.

-- The patient of a prescription the caller may look at; what somebody else looked at is written down.
CREATE OR REPLACE FUNCTION viewed_prescription(prescription uuid, what text) RETURNS uuid
LANGUAGE plpgsql
AS $$
DECLARE
    patient uuid := allowed_prescription(prescription, 'view_prescriptions');
BEGIN
    IF patient <> app_user_id() THEN
        PERFORM audit('view', what, prescription, patient);
    END IF;
    RETURN patient;
END $$;

-- Is the text somewhere in the head or among the medicines? For searching one patient's prescriptions.
CREATE OR REPLACE FUNCTION prescription_mentions(prescription uuid, words text) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (SELECT FROM prescriptions p
                    WHERE p.id = prescription
                      AND strpos(lower(concat_ws(E'\n', p.hospital_name, p.prescribing_doctor_name, p.diagnosis, p.notes)), lower(words)) > 0)
        OR EXISTS (SELECT FROM medications m
                    WHERE m.prescription_id = prescription
                      AND strpos(lower(concat_ws(E'\n', m.name, m.generic_name, m.strength)), lower(words)) > 0)
$$;

-- The prescription, if the caller may change it and it is still what `if_match` says (NULL: whatever it is); its row is locked.
CREATE OR REPLACE FUNCTION unchanged_prescription(prescription uuid, if_match text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM allowed_prescription(prescription, 'write_prescriptions');
    PERFORM etag_matches(if_match, row_etag(p.updated_at)) FROM prescriptions p WHERE p.id = prescription FOR UPDATE;
    RETURN prescription;
END $$;

CREATE OR REPLACE FUNCTION unchanged_medication(medication uuid, if_match text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM allowed_medication(medication, 'write_prescriptions');
    PERFORM unchanged_prescription(m.prescription_id, NULL) FROM medications m WHERE m.id = medication;
    PERFORM etag_matches(if_match, row_etag(m.updated_at)) FROM medications m WHERE m.id = medication FOR UPDATE;
    RETURN medication;
END $$;

-- What a client draws beside each field of the head (medication NULL) or of one medicine: where it came from, how sure, and where on the
-- straightened picture it stands.
CREATE OR REPLACE FUNCTION review_fields(prescription uuid, medication uuid, unsure text[]) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(json_object_agg(v.field, json_build_object('value', v.value, 'source', v.source, 'confidence', v.confidence, 'box', v.box,
                                                               'unsure', v.field = ANY (unsure)) ORDER BY v.field), '{}')
      FROM provenance_cards v
     WHERE v.prescription_id = prescription AND v.medication_id IS NOT DISTINCT FROM medication
$$;

-- --- pictures ---------------------------------------------------------------------------------------------------------------

-- Refuses a picture of this size when the caller keeps too much already. It counts for who sends it, not for whose it is.
CREATE OR REPLACE FUNCTION upload_room(bytes bigint, quota_bytes bigint, quota_count bigint) RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    used_bytes bigint;
    used_count bigint;
BEGIN
    SELECT coalesce(sum(image_bytes), 0), count(*) INTO used_bytes, used_count
      FROM prescriptions WHERE created_by = app_user_id() AND original_image_url IS NOT NULL;
    IF used_count >= quota_count OR used_bytes + bytes > quota_bytes THEN
        PERFORM refuse('DT409', 'upload.quota_reached', 'There is no room for more pictures in this account.',
                       jsonb_build_object('used_bytes', used_bytes, 'quota_bytes', quota_bytes, 'used_count', used_count, 'quota_count', quota_count));
    END IF;
END $$;

-- May the caller store a picture for this patient, and is there room? Gives the id the prescription will have.
CREATE OR REPLACE FUNCTION upload_begin(patient uuid, bytes bigint, quota_bytes bigint, quota_count bigint) RETURNS uuid
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM allowed_patient(patient, 'write_prescriptions');
    PERFORM upload_room(bytes, quota_bytes, quota_count);
    RETURN uuid_v7();
END $$;

-- The stored picture becomes a prescription in the queue. Uploads of one person are counted one after the other.
CREATE OR REPLACE FUNCTION upload_store(prescription uuid, patient uuid, image_name text, image_hash bytea, image_type text, bytes integer,
                                        width integer, height integer, quota_bytes bigint, quota_count bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    patient := allowed_patient(patient, 'write_prescriptions');
    PERFORM pg_advisory_xact_lock(hashtextextended('upload ' || app_user_id(), 0));
    PERFORM upload_room(bytes, quota_bytes, quota_count);
    INSERT INTO prescriptions (id, patient_id, doctor_id, created_by, source, original_image_url, image_sha256, image_bytes, image_type,
                               image_width, image_height)
    VALUES (prescription, patient, CASE app_role() WHEN 'doctor' THEN app_user_id() END, app_user_id(), 'upload', image_name, image_hash,
            bytes, image_type, width, height);
    PERFORM prescription_enqueue(prescription);
    PERFORM audit('create', 'prescription', prescription, patient, '{"source": "upload"}');
END $$;

-- What became of a picture, from the worker that holds its job: our re-encoded copies replace what was sent. A picture that could not even
-- be decoded has none, and is not kept. `bytes`: of all copies that were written now. False: the lease was lost.
CREATE OR REPLACE FUNCTION pictures_keep(job uuid, worker text, attempt integer, files jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    held uuid;
    decoded boolean := files ->> 'thumbnail' IS NOT NULL;
BEGIN
    SELECT q.prescription_id INTO held FROM prescription_processing_queue q
     WHERE q.id = job AND q.status = 'running' AND q.locked_by = worker AND q.attempts = attempt FOR UPDATE;
    UPDATE prescriptions
       SET original_image_url = CASE WHEN decoded THEN coalesce(files ->> 'image', original_image_url) END,
           thumbnail_url = files ->> 'thumbnail', rectified_image_url = files ->> 'rectified',
           image_type = CASE WHEN decoded THEN 'image/jpeg' END,
           image_bytes = CASE WHEN files ->> 'image' IS NULL AND decoded THEN image_bytes ELSE nullif((files ->> 'bytes')::integer, 0) END,
           rectified_width = nullif((files ->> 'width')::integer, 0), rectified_height = nullif((files ->> 'height')::integer, 0)
     WHERE id = held;
    RETURN held IS NOT NULL;
END $$;

-- --- what the reader says -----------------------------------------------------------------------------------------------------

-- A field's value as its column can hold it, or NULL: the reader works on hostile pictures, and one absurd cell must not cost the page.
CREATE OR REPLACE FUNCTION reading_value(field text, value jsonb) RETURNS jsonb
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    said text := btrim(value #>> '{}');
    longest integer := ('{"name": 200, "generic_name": 200, "strength": 100, "form": 50, "quantity_unit": 50, "dose_unit": 50, "instructions": 1000,
                          "hospital_name": 200, "prescribing_doctor_name": 200, "diagnosis": 1000}'::jsonb ->> field)::integer;
    most numeric := ('{"quantity": 10000, "duration_days": 3650, "patient_age": 130, "doses.morning": 500, "doses.noon": 500, "doses.evening": 500,
                       "doses.night": 500}'::jsonb ->> field)::numeric;
    whole boolean := field IN ('duration_days', 'patient_age');
BEGIN
    RETURN CASE
        WHEN said = '' THEN NULL
        WHEN longest IS NOT NULL THEN to_jsonb(left(said, longest))
        WHEN most IS NOT NULL AND said::numeric BETWEEN 0 AND most THEN to_jsonb(trim_scale(round(said::numeric, CASE WHEN whole THEN 0 ELSE 2 END)))
        WHEN field = 'prescription_date' AND said::date BETWEEN '1990-01-01' AND '2200-01-01' THEN to_jsonb(said::date)
        WHEN field = 'patient_gender' AND said IN ('male', 'female', 'other') OR field = 'meal_relation' AND said IN ('before', 'after', 'with')
            THEN to_jsonb(said)
    END;
EXCEPTION WHEN data_exception THEN -- text where a number or a date should be
    RETURN NULL;
END $$;

-- One field in the form store_draft() takes; NULL when there was nothing on the paper. What does not fit is unsure, and so is any dose
-- without a number.
CREATE OR REPLACE FUNCTION reading_cell(field text, seen jsonb, value jsonb) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_build_object(
               'value', v.fit, 'source', coalesce(seen ->> 'source', 'ocr'), 'confidence', least(1, greatest(0, (seen ->> 'confidence')::numeric)),
               'unsure', seen @> '{"unsure": true}' OR v.fit IS NULL AND (field LIKE 'doses.%' OR coalesce(v.given #>> '{}', '') <> ''),
               'box', CASE jsonb_typeof(seen -> 'box') WHEN 'array' THEN
                          (SELECT jsonb_agg(greatest(0, round(b::text::numeric))) FROM jsonb_array_elements(seen -> 'box') AS b) END)
      FROM (SELECT value AS given, reading_value(field, value) AS fit) AS v
     WHERE seen ->> 'source' IS NOT NULL OR seen @> '{"unsure": true}'
$$;

-- The reader's draft (modules/prescriptions/ocr/ocr.h, ocr_draft_json) in the form store_draft() takes.
CREATE OR REPLACE FUNCTION reading_draft(reading jsonb) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_build_object(
        'confidence', least(1, greatest(0, (reading ->> 'confidence')::numeric)),
        'header', (SELECT coalesce(jsonb_object_agg(f.key, c.cell) FILTER (WHERE c.cell IS NOT NULL), '{}')
                     FROM jsonb_each(reading -> 'fields') AS f
                    CROSS JOIN LATERAL (SELECT reading_cell(f.key, f.value, f.value -> 'value') AS cell) AS c),
        'medications', (SELECT coalesce(jsonb_agg(reading_row(m) ORDER BY n), '[]')
                          FROM jsonb_array_elements(reading -> 'medications') WITH ORDINALITY AS r (m, n)))
$$;

CREATE OR REPLACE FUNCTION reading_row(medication jsonb) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(jsonb_object_agg(f.key, c.cell) FILTER (WHERE c.cell IS NOT NULL), '{}')
           || CASE WHEN medication @> '{"as_needed": true}'
                   THEN jsonb_build_object('as_needed', jsonb_build_object('value', true, 'source', 'rule', 'confidence', medication -> 'confidence',
                                                                           'unsure', false)) ELSE '{}' END
      FROM jsonb_each(medication -> 'provenance') AS f
     CROSS JOIN LATERAL (SELECT reading_cell(f.key, f.value, medication #> string_to_array(f.key, '.')) AS cell) AS c
$$;
