-- Who may see and do what with whose data: the one definition, used by the policies and by every function.
-- Permissions: the six of a family link; `write_prescriptions`, which is derived (a relative who both sees prescriptions and
-- manages reminders, a verified doctor from level 'selected'); `view_profile` (allergies, conditions: a doctor with level 'full').
-- In plpgsql, because it keeps its plans; a SECURITY DEFINER function in SQL is planned anew by every query that calls it.

-- The patients whose data the caller may see or do `permission` with, the caller apart. Run once per query as a sub-select.
CREATE OR REPLACE FUNCTION visible_patients(permission text) RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
    SELECT f.patient_id
      FROM family_relationships f
     WHERE f.family_member_id = app_user_id() AND f.status = 'active' AND (f.expires_at IS NULL OR f.expires_at > now())
       AND CASE permission
               WHEN 'view_prescriptions'  THEN f.view_prescriptions
               WHEN 'view_reminders'      THEN f.view_reminders
               WHEN 'manage_reminders'    THEN f.manage_reminders
               WHEN 'log_doses'           THEN f.log_doses
               WHEN 'view_reports'        THEN f.view_reports
               WHEN 'receive_alerts'      THEN f.receive_alerts
               WHEN 'write_prescriptions' THEN f.view_prescriptions AND f.manage_reminders
               ELSE false
           END
    UNION ALL
    SELECT d.patient_id
      FROM doctor_patient_relationships d JOIN doctor_profiles p ON p.user_id = d.doctor_id
     WHERE d.doctor_id = app_user_id() AND d.status = 'active' AND p.verification_status = 'verified'
       AND CASE permission
               WHEN 'view_prescriptions'  THEN d.level = 'full'
               WHEN 'view_reminders'      THEN d.level = 'full'
               WHEN 'view_reports'        THEN d.level = 'full'
               WHEN 'view_profile'        THEN d.level = 'full'
               WHEN 'write_prescriptions' THEN d.level IN ('selected', 'full')
               ELSE false
           END);
END $$;

-- Prescriptions shown to a doctor one by one, and those the doctor wrote for a patient of this kind.
CREATE OR REPLACE FUNCTION shared_prescriptions() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
    SELECT s.id
      FROM doctor_patient_relationships d JOIN doctor_profiles p ON p.user_id = d.doctor_id
     CROSS JOIN LATERAL (SELECT unnest(d.prescription_ids)
                         UNION SELECT w.id FROM prescriptions w WHERE w.doctor_id = d.doctor_id AND w.patient_id = d.patient_id) AS s (id)
     WHERE d.doctor_id = app_user_id() AND d.status = 'active' AND d.level = 'selected' AND p.verification_status = 'verified');
END $$;

CREATE OR REPLACE FUNCTION hidden_medications() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
    SELECT unnest(f.hidden_medication_ids) FROM family_relationships f WHERE f.family_member_id = app_user_id() AND f.status = 'active');
END $$;

-- A prescription that holds a hidden medicine stays out of sight as a whole: its picture and diagnosis would tell.
CREATE OR REPLACE FUNCTION hidden_prescriptions() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
    SELECT m.prescription_id FROM medications m WHERE m.id = ANY ((SELECT hidden_medications())::uuid[]));
END $$;

-- People whose name the caller may read: the other ends of links and requests that are not over. The patient goes on seeing whose link
-- has run out until it is ended, and may prolong it.
CREATE OR REPLACE FUNCTION connected_people() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN ARRAY(
    SELECT CASE app_user_id() WHEN f.patient_id THEN f.family_member_id ELSE f.patient_id END
      FROM family_relationships f
     WHERE f.status = 'active'
       AND (f.patient_id = app_user_id() OR f.family_member_id = app_user_id() AND (f.expires_at IS NULL OR f.expires_at > now()))
    UNION ALL
    SELECT CASE app_user_id() WHEN r.patient_id THEN r.family_member_id ELSE r.patient_id END
      FROM family_connection_requests r WHERE app_user_id() IN (r.patient_id, r.family_member_id) AND r.status = 'pending'
    UNION ALL
    SELECT CASE app_user_id() WHEN d.patient_id THEN d.doctor_id ELSE d.patient_id END
      FROM doctor_patient_relationships d
     WHERE d.patient_id = app_user_id() AND d.status IN ('requested', 'active') OR d.doctor_id = app_user_id() AND d.status = 'active');
END $$;

CREATE OR REPLACE FUNCTION refuse_not_found() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM refuse('DT404', 'not_found', 'There is no such thing here.');
END $$;

-- Does a patient ask for the own data? The own id comes first everywhere and costs no query.
CREATE OR REPLACE FUNCTION is_own_patient(patient uuid) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT app_role() = 'patient' AND coalesce(patient, app_user_id()) = app_user_id() $$;

-- The patient a request is about: `patient` if the caller may do `permission` with that patient's data, the caller when NULL.
-- Somebody else's patient and an unknown id are refused alike.
CREATE OR REPLACE FUNCTION allowed_patient(patient uuid, permission text) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF is_own_patient(patient) THEN
        RETURN app_user_id();
    ELSIF patient IS NULL THEN
        PERFORM refuse('DT422', 'patient.required', 'Name the patient.');
    ELSIF patient <> ALL (visible_patients(permission))
          AND NOT (permission = 'view_prescriptions' AND shares_prescriptions(patient)) THEN
        PERFORM refuse_not_found();
    END IF;
    RETURN patient;
END $$;

-- Does this patient show the calling doctor single prescriptions? The policy then says which.
CREATE OR REPLACE FUNCTION shares_prescriptions(patient uuid) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN (SELECT EXISTS (SELECT FROM prescriptions p WHERE p.patient_id = patient AND p.id = ANY ((SELECT shared_prescriptions())::uuid[])));
END $$;

-- The patient of a medicine the caller may do `permission` with; hidden, foreign and unknown ones are refused alike.
CREATE OR REPLACE FUNCTION allowed_medication(medication uuid, permission text) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    m medications;
BEGIN
    SELECT * INTO m FROM medications AS t WHERE t.id = medication;
    IF NOT FOUND OR m.patient_id IS DISTINCT FROM app_user_id() AND medication = ANY ((SELECT hidden_medications())::uuid[]) THEN
        PERFORM refuse_not_found();
    ELSIF app_role() = 'doctor' AND permission IN ('view_prescriptions', 'write_prescriptions') THEN
        RETURN allowed_prescription(m.prescription_id, permission); -- a doctor may be shown single prescriptions
    END IF;
    RETURN allowed_patient(m.patient_id, permission);
END $$;

-- The same for a prescription. Whoever may not see it may do nothing else with it.
CREATE OR REPLACE FUNCTION allowed_prescription(prescription uuid, permission text) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    patient uuid;
BEGIN
    SELECT p.patient_id INTO patient FROM prescriptions p WHERE p.id = prescription;
    IF patient IS NULL OR patient IS DISTINCT FROM app_user_id()        -- of nobody, too
       AND (prescription = ANY ((SELECT hidden_prescriptions())::uuid[])
            OR patient <> ALL ((SELECT visible_patients('view_prescriptions'))::uuid[]) AND prescription <> ALL ((SELECT shared_prescriptions())::uuid[])) THEN
        PERFORM refuse_not_found();
    ELSIF permission = 'view_prescriptions' THEN
        RETURN patient;
    END IF;
    RETURN allowed_patient(patient, permission);
END $$;
