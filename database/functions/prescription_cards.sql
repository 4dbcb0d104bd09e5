-- Prescriptions and medicines as clients see them: one definition for lists, single ones and what is nested in others.
-- Read with the caller's rights, so the policies decide what is in them.

-- The `medication` of the REST contract. A slot without a dose is 0.
CREATE OR REPLACE VIEW medication_cards WITH (security_invoker = true) AS
SELECT m.id, m.prescription_id, m.sequence_number, m.name, m.generic_name, m.strength, m.form, trim_scale(m.quantity) AS quantity,
       m.quantity_unit, m.duration_days,
       json_build_object('morning', trim_scale(m.dose_morning), 'noon', trim_scale(m.dose_noon),
                         'evening', trim_scale(m.dose_evening), 'night', trim_scale(m.dose_night)) AS doses,
       m.dose_unit, m.instructions, m.meal_relation, m.as_needed, m.max_doses_per_day, m.min_interval_minutes,
       trim_scale(m.confidence) AS confidence, m.unsure, m.is_active, m.patient_id
  FROM medications m;

-- How far the reading of a prescription is. Called for rows that the caller sees and that are being read: as a function it costs the
-- others nothing, while a sub-select would be set up, policies and all, for every page of a list.
CREATE OR REPLACE FUNCTION prescription_stage(prescription uuid) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN (SELECT q.stage FROM prescription_processing_queue q WHERE q.prescription_id = prescription ORDER BY q.id DESC LIMIT 1);
END $$;

-- The `prescription` of the REST contract. A picture may be shown when it is our own re-encoded copy. `stage` tells a draft that
-- waits for a person (review) from one that is still being read.
CREATE OR REPLACE VIEW prescription_cards WITH (security_invoker = true) AS
SELECT p.id, p.patient_id, p.doctor_id, p.status, p.source,
       CASE WHEN p.status = 'processing' THEN prescription_stage(p.id) END AS stage,
       p.hospital_name, p.prescribing_doctor_name, p.patient_age, p.patient_gender, p.diagnosis, p.prescription_date, p.notes,
       trim_scale(p.ocr_confidence_score) AS ocr_confidence_score, p.unsure, p.version,
       p.thumbnail_url IS NOT NULL AS has_image, p.confirmed_at,
       coalesce((SELECT json_agg(m) FROM (SELECT * FROM medication_cards c WHERE c.prescription_id = p.id ORDER BY c.sequence_number) AS m),
                '[]') AS medications,
       p.created_at, p.updated_at, row_etag(p.updated_at) AS _etag
  FROM prescriptions p;

-- How far the reading of a picture is. `settled`: nothing more happens to it by itself.
CREATE OR REPLACE VIEW prescription_progress WITH (security_invoker = true) AS
SELECT p.id AS prescription_id, p.patient_id,
       CASE q.status WHEN 'dead' THEN 'error' ELSE q.status END AS status,
       CASE WHEN p.confirmed_at IS NOT NULL THEN 'completed' WHEN q.status = 'dead' THEN 'error' ELSE q.stage END AS stage,
       q.progress, q.attempts, q.created_at AS queued_at, q.started_at, q.completed_at,
       -- What a worker noted for operators is no code.
       CASE WHEN q.status = 'dead' THEN coalesce(substring(q.last_error FROM '^[a-z_]+\.[a-z_]+$'), 'ocr.failed') END AS error,
       q.status IN ('done', 'dead') AS settled
  FROM prescriptions p
 CROSS JOIN LATERAL (SELECT * FROM prescription_processing_queue q WHERE q.prescription_id = p.id ORDER BY q.id DESC LIMIT 1) AS q;

-- How each field came to be, as it stands: the newest row of a field.
CREATE OR REPLACE VIEW provenance_cards WITH (security_invoker = true) AS
SELECT DISTINCT ON (v.prescription_id, v.medication_id, v.field)
       v.prescription_id, v.medication_id, v.field, v.source, v.value, trim_scale(v.confidence) AS confidence, v.box,
       v.created_at AS recorded_at, v.recorded_by, v.id
  FROM medication_provenance v
 ORDER BY v.prescription_id, v.medication_id, v.field, v.id DESC;
