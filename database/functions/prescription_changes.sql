-- What people do to prescriptions and medicines: take in a picture, enter, correct, end. (Reading and confirming are in
-- prescriptions.sql.) Each function checks the right to do so itself; nothing is ever destroyed.

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
