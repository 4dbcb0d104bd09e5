-- Reports: asked for in one transaction with their job, made from the patient's own rows with the asker's rights of that moment.

-- A report as its asker sees it, as long as the asker may see what is in it: a right taken back, or a medicine hidden since,
-- hides the report too.
CREATE OR REPLACE VIEW report_cards WITH (security_invoker = true) AS
SELECT r.id, r.report_type AS type, r.patient_id, r.language, r.status, r.period_from, r.period_to, r.title, r.summary, r.content,
       r.error, r.created_at, r.completed_at
  FROM ai_reports r
 WHERE r.user_id = app_user_id()
   AND (r.patient_id = app_user_id()
        OR r.patient_id = ANY ((SELECT visible_patients('view_reports'))::uuid[])
           AND (r.report_type <> 'prescription_history' OR r.patient_id = ANY ((SELECT visible_patients('view_prescriptions'))::uuid[]))
           AND NOT r.medication_ids && (SELECT hidden_medications()));

-- The patient a report of this type may be made about by the caller; refuses like allowed_patient.
CREATE OR REPLACE FUNCTION report_patient(patient uuid, type text) RETURNS uuid
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    about uuid := allowed_patient(patient, 'view_reports');
BEGIN
    IF type = 'prescription_history' THEN
        PERFORM allowed_patient(about, 'view_prescriptions');
    END IF;
    RETURN about;
END $$;

CREATE OR REPLACE FUNCTION report_request(type text, patient uuid, language text, from_date date, to_date date) RETURNS SETOF report_cards
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_variable
DECLARE
    about uuid;
    report uuid := uuid_v7();
    job uuid;
    last_day date;
    first_day date := from_date;
BEGIN
    IF type NOT IN ('prescription_history', 'medication_adherence') THEN
        PERFORM refuse('DT422', 'report.type_not_available', 'Reports of this type are not available yet.');
    END IF;
    about := report_patient(patient, type);
    SELECT coalesce(to_date, (now() AT TIME ZONE u.timezone)::date) INTO last_day FROM users u WHERE u.id = about;
    IF type = 'medication_adherence' THEN
        first_day := coalesce(from_date, last_day - 29);
        IF last_day - first_day > 366 THEN
            PERFORM refuse('DT422', 'report.period_too_long', 'A report of this type covers a year at most.');
        END IF;
    END IF;
    IF (SELECT count(*) FROM ai_reports r WHERE r.user_id = app_user_id() AND r.status IN ('queued', 'running')) >= 10 THEN
        PERFORM refuse('DT429', 'report.too_many', 'Wait until the reports asked for before are made.');
    END IF;
    INSERT INTO jobs (kind, user_id, patient_id, payload)
    VALUES ('report_' || type, app_user_id(), about, jsonb_build_object('report_id', report)) RETURNING id INTO job;
    INSERT INTO ai_reports (id, user_id, patient_id, report_type, language, period_from, period_to, job_id)
    SELECT report, u.id, about, type, coalesce(language, u.language), first_day, last_day, job FROM users u WHERE u.id = app_user_id();
    PERFORM audit('report.request', 'report', report, about, jsonb_build_object('type', type));
    RETURN QUERY SELECT * FROM report_cards c WHERE c.id = report;
END $$;

-- A report shows how its job is doing; one whose job died says so.
CREATE OR REPLACE FUNCTION report_follow_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE ai_reports r
       SET status = CASE NEW.status WHEN 'dead' THEN 'error' ELSE NEW.status END,
           error = CASE NEW.status WHEN 'dead' THEN 'report.failed' END,
           completed_at = CASE NEW.status WHEN 'dead' THEN now() END
     WHERE r.job_id = NEW.id AND r.status <> 'done';
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER report_follows AFTER UPDATE OF status ON jobs FOR EACH ROW
    WHEN (NEW.kind LIKE 'report\_%' AND NEW.status IN ('queued', 'running', 'dead')) EXECUTE FUNCTION report_follow_job();

-- --- what is in them ---------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION report_time(at timestamptz) RETURNS text
LANGUAGE sql STABLE
AS $$ SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') $$;

-- Prescriptions a person has confirmed, by their date (else the day of confirmation), newest first. A draft nobody has checked is
-- not history.
CREATE OR REPLACE FUNCTION report_prescription_history(patient uuid, from_date date, to_date date) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    WITH prescription AS (
        SELECT p.id, p.status, p.hospital_name, p.prescribing_doctor_name, p.diagnosis, p.confirmed_at,
               coalesce(p.prescription_date, (p.confirmed_at AT TIME ZONE u.timezone)::date) AS dated,
               (SELECT coalesce(jsonb_agg(jsonb_build_object(
                           'id', m.id, 'name', m.name, 'generic_name', m.generic_name, 'strength', m.strength, 'form', m.form,
                           'doses', m.doses, 'dose_unit', m.dose_unit, 'duration_days', m.duration_days, 'as_needed', m.as_needed,
                           'instructions', m.instructions, 'meal_relation', m.meal_relation, 'is_active', m.is_active)
                           ORDER BY m.sequence_number), '[]')
                  FROM medication_cards m WHERE m.prescription_id = p.id) AS medications
          FROM prescriptions p JOIN users u ON u.id = p.patient_id
         WHERE p.patient_id = report_prescription_history.patient AND p.confirmed_at IS NOT NULL
    ), chosen AS (
        SELECT * FROM prescription WHERE dated >= coalesce(from_date, '-infinity') AND dated <= to_date
    )
    SELECT jsonb_build_object(
        'totals', jsonb_build_object('prescriptions', count(*), 'medications', coalesce(sum(jsonb_array_length(c.medications)), 0),
            'active_medications', (SELECT count(*) FROM chosen a, jsonb_array_elements(a.medications) AS m WHERE (m ->> 'is_active')::boolean)),
        'prescriptions', coalesce(jsonb_agg(jsonb_build_object(
            'id', c.id, 'date', c.dated, 'status', c.status, 'hospital_name', c.hospital_name,
            'prescribing_doctor_name', c.prescribing_doctor_name, 'diagnosis', c.diagnosis, 'confirmed_at', report_time(c.confirmed_at),
            'medications', c.medications) ORDER BY c.dated DESC, c.id DESC), '[]'))
      FROM chosen c
$$;

-- Counts and each measure with its formula, numerator and denominator (see adherence.sql); without a counted dose the value is null.
CREATE OR REPLACE FUNCTION report_measures(counted bigint, taken bigint, taken_late bigint, skipped bigint, missed bigint, days bigint,
                                           days_covered bigint) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT jsonb_build_object(
        'counts', jsonb_build_object('counted', counted, 'taken', taken, 'taken_late', taken_late, 'skipped', skipped, 'missed', missed),
        'measures', jsonb_agg(jsonb_build_object('formula', m.formula, 'numerator', m.part, 'denominator', m.whole,
                                                 'value', adherence_ratio(m.part, m.whole)) ORDER BY m.position))
      FROM (VALUES (1, 'dose_adherence_v1', taken, counted), (2, 'timing_adherence_v1', taken - taken_late, counted),
                   (3, 'pdc_v1', days_covered, days)) AS m (position, formula, part, whole)
$$;

CREATE OR REPLACE FUNCTION report_medication_adherence(patient uuid, from_date date, to_date date) RETURNS jsonb
LANGUAGE sql STABLE
AS $$
    SELECT jsonb_build_object(
        'overall', (SELECT report_measures(a.counted, a.taken, a.taken_late, a.skipped, a.missed, a.days, a.days_covered)
                      FROM adherence(patient, from_date, to_date) AS a),
        'by_week', (SELECT coalesce(jsonb_agg(jsonb_build_object('week', a.bucket_date)
                               || report_measures(a.counted, a.taken, a.taken_late, a.skipped, a.missed, a.days, a.days_covered)
                               ORDER BY a.bucket_date), '[]')
                      FROM adherence_by(patient, from_date, to_date, 'week') AS a),
        'by_medication', (SELECT coalesce(jsonb_agg(jsonb_build_object('medication',
                                     jsonb_build_object('id', m.id, 'name', m.name, 'strength', m.strength, 'form', m.form))
                                     || report_measures(a.counted, a.taken, a.taken_late, a.skipped, a.missed, a.days, a.days_covered)
                                     ORDER BY m.name, m.id), '[]')
                            FROM adherence_by(patient, from_date, to_date, 'medication') AS a JOIN medications m ON m.id = a.bucket_id))
$$;

CREATE OR REPLACE FUNCTION report_title(type text, language text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE type
        WHEN 'prescription_history' THEN CASE language WHEN 'en' THEN 'Prescription history' WHEN 'fr' THEN 'Historique des ordonnances'
                                                       ELSE 'ប្រវត្តិវេជ្ជបញ្ជា' END
        ELSE CASE language WHEN 'en' THEN 'How medicines were taken' WHEN 'fr' THEN 'Suivi de la prise des médicaments'
                           ELSE 'ការលេបថ្នាំតាមវេជ្ជបញ្ជា' END
    END
$$;

-- One plain sentence. Says "no dose was due" rather than a percentage of nothing.
CREATE OR REPLACE FUNCTION report_summary(type text, language text, content jsonb) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE
        WHEN type = 'prescription_history' THEN format(
            CASE language WHEN 'en' THEN 'Confirmed prescriptions: %s; medicines on them: %s.'
                          WHEN 'fr' THEN 'Ordonnances confirmées : %s ; médicaments : %s.'
                          ELSE 'វេជ្ជបញ្ជាដែលបានបញ្ជាក់៖ %s ថ្នាំ៖ %s។' END,
            content #>> '{totals,prescriptions}', content #>> '{totals,medications}')
        WHEN content #>> '{overall,counts,counted}' = '0' THEN
            CASE language WHEN 'en' THEN 'No dose was due in this time.' WHEN 'fr' THEN 'Aucune prise n''était prévue sur cette période.'
                          ELSE 'គ្មានថ្នាំត្រូវលេបក្នុងអំឡុងពេលនេះទេ។' END
        ELSE format(
            CASE language WHEN 'en' THEN '%s of %s doses taken.' WHEN 'fr' THEN '%s prises effectuées sur %s.'
                          ELSE 'បានលេប %s ដងក្នុងចំណោម %s ដង។' END,
            content #>> '{overall,counts,taken}', content #>> '{overall,counts,counted}')
    END
$$;

-- --- making one --------------------------------------------------------------------------------------------------------------

-- Which medicines a report names, so that hiding one of them hides it.
CREATE OR REPLACE FUNCTION report_medications(content jsonb) RETURNS uuid[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT ARRAY(SELECT (m ->> 'id')::uuid FROM jsonb_path_query(content, '$.prescriptions[*].medications[*]') AS m
                 UNION SELECT (m ->> 'id')::uuid FROM jsonb_path_query(content, '$.by_medication[*].medication') AS m)
$$;

-- Makes the report of a claimed job with the rights its asker has now, and ends the job, all in one transaction.
-- 'done', 'not_permitted' (the report ends in error and holds nothing), or NULL when the lease was lost.
CREATE OR REPLACE FUNCTION report_make(job uuid, worker text, attempt integer) RETURNS text
LANGUAGE plpgsql
AS $$
#variable_conflict use_variable
DECLARE
    asked jobs;
    r ai_reports;
    body jsonb;
BEGIN
    SELECT * INTO asked FROM jobs j WHERE j.id = job AND j.status = 'running' AND j.locked_by = worker AND j.attempts = attempt FOR UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    BEGIN
        PERFORM act_as(asked.user_id);
        SELECT * INTO STRICT r FROM ai_reports t WHERE t.id = (asked.payload ->> 'report_id')::uuid;
        PERFORM report_patient(r.patient_id, r.report_type);
    EXCEPTION WHEN SQLSTATE 'DT404' THEN
        PERFORM report_refuse(job, worker, attempt);
        RETURN 'not_permitted';
    END;
    body := CASE r.report_type WHEN 'prescription_history' THEN report_prescription_history(r.patient_id, r.period_from, r.period_to)
                               ELSE report_medication_adherence(r.patient_id, r.period_from, r.period_to) END;
    UPDATE ai_reports t
       SET status = 'done', title = report_title(r.report_type, r.language), summary = report_summary(r.report_type, r.language, body),
           content = jsonb_build_object('type', r.report_type, 'generated_at', report_time(now()),
                         'period', (SELECT jsonb_build_object('from', r.period_from, 'to', r.period_to, 'timezone', u.timezone)
                                      FROM users u WHERE u.id = r.patient_id)) || body,
           medication_ids = report_medications(body), completed_at = now()
     WHERE t.id = r.id;
    PERFORM queue_done('jobs', job, worker, attempt), notify_user(r.user_id, 'report.ready', jsonb_build_object('report_id', r.id), 'report.ready:' || r.id),
            audit('report.make', 'report', r.id, r.patient_id, jsonb_build_object('type', r.report_type));
    RETURN 'done';
END $$;

-- The asker may not (any more): the report ends without content. As the owner, because nobody's identity can be taken on for it.
CREATE OR REPLACE FUNCTION report_refuse(job uuid, worker text, attempt integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE ai_reports r SET status = 'error', error = 'report.not_permitted', completed_at = now() WHERE r.job_id = job AND r.status <> 'done';
    SELECT queue_done('jobs', job, worker, attempt)
$$;
