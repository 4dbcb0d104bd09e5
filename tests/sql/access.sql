-- Who sees whose data. One patient's records against: the patient, another patient, a relative (by permission, hidden medicine, expiry,
-- revocation), a stranger, a doctor (by level), an unverified doctor, and nobody at all.
BEGIN;
SELECT plan(90);
\ir include/people.psql
\set rx1 '\'00000000-0000-7000-8000-0000000001c1\''
\set rx2 '\'00000000-0000-7000-8000-0000000001c2\''
\set m1 '\'00000000-0000-7000-8000-0000000002c1\''
\set m2 '\'00000000-0000-7000-8000-0000000002c2\''
SELECT pg_temp.prescribe(:patient, :rx1, :m1, 'Alpha'), pg_temp.prescribe(:patient, :rx2, :m2, 'Beta') \g /dev/null
SELECT pg_temp.dose_due(:m1, '10 minutes'), pg_temp.dose_due(:m2, '10 minutes') \g /dev/null

-- prescriptions, medicines, reminders, doses a person sees through the modules: "2 2 2 2"
CREATE FUNCTION pg_temp.sees(who uuid) RETURNS text LANGUAGE sql AS $$
    SELECT concat_ws(' ', pg_temp.run_as('dastern_prescriptions', who, 'SELECT count(*) FROM prescriptions'),
                          pg_temp.run_as('dastern_prescriptions', who, 'SELECT count(*) FROM medications'),
                          pg_temp.run_as('dastern_reminders', who, 'SELECT count(*) FROM medication_reminders'),
                          pg_temp.run_as('dastern_reminders', who, 'SELECT count(*) FROM medication_reminder_logs'))
$$;
CREATE FUNCTION pg_temp.may(who uuid, permission text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(pg_temp.refusal('dastern_family', who, format('SELECT allowed_patient(%L, %L)', '00000000-0000-7000-8000-0000000000c1', permission)), 'yes')
$$;

SELECT is(pg_temp.sees(:patient), '2 2 2 2', 'the patient sees all');
SELECT is(pg_temp.sees(:other), '0 0 0 0', 'another patient nothing');
SELECT is(pg_temp.sees(:relative), '0 0 0 0', 'a relative without a link nothing');
SELECT is(pg_temp.sees(:doctor), '0 0 0 0', 'a doctor without a link nothing');
SELECT is(pg_temp.sees(NULL), '0 0 0 0', 'nobody nothing');
SELECT is(pg_temp.may(w::uuid, 'view_reminders'), 'DT404 not_found', 'refused as not found: ' || w)
  FROM unnest(ARRAY[:other, :relative, :stranger, :doctor, :quack]) w;
SELECT is(pg_temp.refusal('dastern_family', :relative, $$SELECT allowed_patient(uuid_v7(), 'view_reminders')$$), 'DT404 not_found', 'like an id there is not');
SELECT is(pg_temp.refusal('dastern_family', :relative, $$SELECT allowed_patient(NULL, 'view_reminders')$$), 'DT422 patient.required', 'a relative names the patient');
SELECT is(pg_temp.run_as('dastern_family', :patient, $$SELECT allowed_patient(NULL, 'view_reminders')$$), :patient, 'a patient need not');
SELECT is(pg_temp.refusal('dastern_family', :doctor, format('SELECT allowed_patient(%L, %L)', :doctor, 'view_reminders')), 'DT404 not_found', 'a doctor is nobody''s patient here');
SELECT is(pg_temp.refusal('dastern_family', NULL, q), 'DT404 not_found', 'nobody may nothing: ' || q) FROM unnest(ARRAY[
    format('SELECT allowed_patient(%L, %L)', :patient, 'view_reminders'), format('SELECT allowed_medication(%L, %L)', :m1, 'view_reminders'),
    format('SELECT allowed_medication(%L, %L)', :m1, 'view_prescriptions'), format('SELECT allowed_prescription(%L, %L)', :rx1, 'view_prescriptions')]) q;
SELECT is(pg_temp.refusal('dastern_reminders', w::uuid, format('SELECT dose_take(id, NULL, NULL, NULL) FROM (SELECT %L::uuid AS id) d', (SELECT id FROM medication_reminder_logs WHERE medication_id = :m1))),
          'DT404 not_found', 'nor take a dose: ' || coalesce(w, 'nobody')) FROM unnest(ARRAY[NULL, :other, :stranger, :doctor]) w;

-- A relative, permission by permission: each opens what it says and nothing else.
INSERT INTO family_relationships (id, patient_id, family_member_id, relationship_type, view_reminders, receive_alerts)
VALUES ('00000000-0000-7000-8000-0000000003c1', :patient, :relative, 'son', false, false);
CREATE FUNCTION pg_temp.link(assignments text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('UPDATE family_relationships SET view_prescriptions = false, view_reminders = false, manage_reminders = false, log_doses = false,
        view_reports = false, receive_alerts = false WHERE id = %1$L; UPDATE family_relationships SET %2$s WHERE id = %1$L', '00000000-0000-7000-8000-0000000003c1', assignments);
END $$;
SELECT is(pg_temp.sees(:relative), '0 0 0 0', 'a link without permissions shows nothing');
SELECT is((SELECT array_agg(p) FROM unnest('{view_prescriptions,view_reminders,manage_reminders,log_doses,view_reports,receive_alerts,write_prescriptions,view_profile}'::text[]) p
           WHERE pg_temp.may(:relative, p) = 'yes'), NULL, 'and allows nothing');
SELECT pg_temp.link('view_prescriptions = true') \g /dev/null
SELECT is(pg_temp.sees(:relative), '2 2 0 0', 'view_prescriptions');
SELECT pg_temp.link('view_reminders = true') \g /dev/null
SELECT is(pg_temp.sees(:relative), '0 2 2 2', 'view_reminders: with the medicines'' names, without the prescriptions');
CREATE FUNCTION pg_temp.allows(permission text) RETURNS text[] LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_temp.link(permission || ' = true');
    RETURN (SELECT array_agg(q) FROM unnest('{view_prescriptions,view_reminders,manage_reminders,log_doses,view_reports,receive_alerts,write_prescriptions,view_profile}'::text[]) q
             WHERE pg_temp.may('00000000-0000-7000-8000-0000000000c3', q) = 'yes');
END $$;
SELECT is(pg_temp.allows(p), ARRAY[p], p || ' allows just that')
  FROM unnest('{view_prescriptions,view_reminders,manage_reminders,log_doses,view_reports,receive_alerts}'::text[]) p;
SELECT pg_temp.link('view_prescriptions = true, manage_reminders = true') \g /dev/null
SELECT is(pg_temp.may(:relative, 'write_prescriptions'), 'yes', 'both together: may write prescriptions');
SELECT is(pg_temp.may(:relative, 'be_the_patient'), 'DT404 not_found', 'an unknown permission is denied');
SELECT is(pg_temp.run_as('dastern_auth', :relative, 'SELECT count(*) FROM audit_logs WHERE patient_id IS NOT NULL'), '0', 'the patient''s access log is not the relative''s');

-- Writing is judged apart from reading.
SELECT pg_temp.link('view_reminders = true, view_prescriptions = true') \g /dev/null
SELECT is(pg_temp.run_as('dastern_reminders', :relative, 'UPDATE medication_reminders SET critical = true'), '0', 'who may look may not change');
SELECT is(pg_temp.refusal('dastern_reminders', :relative, format($$INSERT INTO medication_reminders (medication_id, patient_id, time_slot, scheduled_time, dose_amount, start_date)
    VALUES (%L, %L, 'custom', '10:00', 1, current_date)$$, :m1, :patient)), '42501', 'nor add');
SELECT is(pg_temp.refusal('dastern_prescriptions', :relative, format('SELECT prescription_create(%L, NULL, %L)', :patient, '[{"name": "x"}]')), 'DT404 not_found', 'nor prescribe');
SELECT is(pg_temp.refusal('dastern_prescriptions', :relative, format('SELECT medication_edit(%L, %L)', :m1, '{"name": "x"}')), 'DT404 not_found', 'nor edit');
SELECT is(pg_temp.refusal('dastern_prescriptions', :relative, format('SELECT confirm_prescription(%L, NULL, true, NULL, NULL)', :rx1)), 'DT404 not_found', 'nor confirm');
SELECT pg_temp.link('view_reminders = true, view_prescriptions = true, manage_reminders = true') \g /dev/null
SELECT is(pg_temp.run_as('dastern_reminders', :relative, 'UPDATE medication_reminders SET critical = true'), '2', 'who may manage may');
SELECT is(pg_temp.refusal('dastern_prescriptions', :relative, format('SELECT prescription_create(%L, NULL, %L)', :patient, '[{"name": "x"}]')), NULL, 'and prescribe');
SELECT is((SELECT created_by::text FROM prescriptions WHERE patient_id = :patient AND created_by <> :patient), :relative, 'in the relative''s own name');
DELETE FROM medication_provenance WHERE recorded_by = :relative;
DELETE FROM medications WHERE name = 'x';
DELETE FROM prescriptions WHERE created_by = :relative;

-- A hidden medicine: gone with its reminders, its doses and the prescription whose picture would show it.
UPDATE family_relationships SET hidden_medication_ids = ARRAY[:m1::uuid] WHERE family_member_id = :relative;
SELECT is(pg_temp.sees(:relative), '1 1 1 1', 'a hidden medicine takes its prescription, reminder and doses with it');
SELECT is(pg_temp.run_as('dastern_prescriptions', :relative, 'SELECT string_agg(diagnosis, $$,$$) FROM prescriptions'), 'diagnosis of Beta', 'the other one stays');
SELECT is(pg_temp.refusal('dastern_reminders', :relative, format('SELECT allowed_medication(%L, %L)', :m1, 'view_reminders')), 'DT404 not_found', 'asked for by id: not found');
SELECT is(pg_temp.refusal('dastern_prescriptions', :relative, format('SELECT allowed_prescription(%L, %L)', :rx1, 'view_prescriptions')), 'DT404 not_found', 'nor its prescription');
SELECT is(pg_temp.refusal('dastern_prescriptions', :relative, format('SELECT medication_edit(%L, %L)', :m1, '{"name": "x"}')), 'DT404 not_found', 'nor to be changed');
SELECT is(pg_temp.run_as('dastern_reminders', :relative, 'UPDATE medication_reminders SET critical = false'), '1', 'nor its reminder');
SELECT is(pg_temp.sees(:patient), '2 2 2 2', 'the patient still sees all');

-- Time and revocation.
UPDATE family_relationships SET hidden_medication_ids = '{}', expires_at = now() WHERE family_member_id = :relative;
SELECT is(pg_temp.sees(:relative), '0 0 0 0', 'an expired link shows nothing');
SELECT is(pg_temp.run_as('dastern_family', :relative, format('SELECT count(*) FROM users WHERE id = %L', :patient)), '0', 'nor the patient''s name');
SELECT is(pg_temp.run_as('dastern_family', :patient, format('SELECT count(*) FROM users WHERE id = %L', :relative)), '1', 'whose patient still sees whose it was');
UPDATE family_relationships SET expires_at = now() + interval '1 minute' WHERE family_member_id = :relative;
SELECT is(pg_temp.sees(:relative), '2 2 2 2', 'a running one does');
SELECT is(pg_temp.run_as('dastern_family', :relative, format('SELECT count(*) FROM users WHERE id = %L', :patient)), '1', 'with the name');
UPDATE family_relationships SET status = 'revoked', revoked_at = now() WHERE family_member_id = :relative;
SELECT is(pg_temp.sees(:relative), '0 0 0 0', 'a revoked one does not');
SELECT is(pg_temp.may(:relative, 'view_reminders'), 'DT404 not_found', 'not found, as ever');
SELECT is(pg_temp.refused('UPDATE family_relationships SET status = $$active$$, revoked_at = NULL'), 'DT409 family.link_ended', 'and stays revoked');

-- Doctors, by level.
INSERT INTO doctor_patient_relationships (id, doctor_id, patient_id, status, level) VALUES ('00000000-0000-7000-8000-0000000004c1', :doctor, :patient, 'active', 'none');
CREATE FUNCTION pg_temp.level(level text, shown uuid[] DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    UPDATE doctor_patient_relationships SET level = $1, prescription_ids = shown WHERE id = '00000000-0000-7000-8000-0000000004c1';
    RETURN pg_temp.run_as('dastern_doctors', '00000000-0000-7000-8000-0000000000c5', 'SELECT count(*) FROM prescriptions') || ' '
        || pg_temp.run_as('dastern_doctors', '00000000-0000-7000-8000-0000000000c5', 'SELECT count(*) FROM medications') || ' '
        || pg_temp.run_as('dastern_doctors', '00000000-0000-7000-8000-0000000000c5', 'SELECT count(*) FROM medication_reminder_logs') || ' '
        || pg_temp.run_as('dastern_doctors', '00000000-0000-7000-8000-0000000000c5', 'SELECT count(*) FROM patient_profiles');
END $$;
SELECT is(pg_temp.level('none'), '0 0 0 0', 'level none');
SELECT is(pg_temp.level('request'), '0 0 0 0', 'level request: asks each time');
SELECT is(pg_temp.may(:doctor, 'write_prescriptions'), 'DT404 not_found', 'and writes nothing');
SELECT is(pg_temp.level('selected', ARRAY[:rx1::uuid]), '1 1 0 0', 'level selected: those, and no doses');
SELECT is(pg_temp.may(:doctor, 'view_prescriptions'), 'yes', 'may ask for the patient''s prescriptions');
SELECT is(pg_temp.level('selected', ARRAY[uuid_v7()]), '0 0 0 0', 'an id there is not shows nothing');
SELECT is(pg_temp.level('full'), '2 2 2 1', 'level full');
SELECT is(pg_temp.may(:doctor, 'manage_reminders'), 'DT404 not_found', 'no doctor manages reminders');
SELECT is(pg_temp.may(:doctor, 'log_doses'), 'DT404 not_found', 'nor logs doses');
UPDATE doctor_profiles SET verification_status = 'rejected', rejection_reason = 'r' WHERE user_id = :doctor;
SELECT is(pg_temp.level('full'), '0 0 0 0', 'no longer verified: nothing, at once');
UPDATE doctor_profiles SET verification_status = 'verified' WHERE user_id = :doctor;
SELECT is(pg_temp.refused(format('INSERT INTO doctor_patient_relationships (doctor_id, patient_id) VALUES (%L, %L)', :quack, :patient)), 'DT403 doctor_link.not_verified', 'an unverified doctor gets no link');
SELECT is(pg_temp.refusal('dastern_doctors', :doctor, $$UPDATE doctor_patient_relationships SET prescription_ids = ARRAY[uuid_v7()]$$), 'DT403 doctor_link.patient_decides', 'a doctor does not widen the link');
SELECT is(pg_temp.run_as('dastern_doctors', :doctor, $$UPDATE doctor_patient_relationships SET status = 'revoked', revoked_at = now()$$), '1', 'but may end it');
SELECT is(pg_temp.sees(:doctor), '0 0 0 0', 'then nothing is seen');
SELECT is(pg_temp.refusal('dastern_doctors', :doctor, $$UPDATE doctor_patient_relationships SET status = 'active', revoked_at = NULL$$), 'DT409 doctor_link.ended', 'nor accepted again');
SELECT is(pg_temp.refusal('dastern_doctors', :doctor, format('INSERT INTO doctor_patient_relationships (doctor_id, patient_id, status, level) VALUES (%L, %L, $$active$$, $$full$$)', :doctor, :patient)),
          'DT403 doctor_link.patient_decides', 'a doctor does not accept for the patient');
SELECT is(pg_temp.refusal('dastern_doctors', :doctor, format('INSERT INTO doctor_patient_relationships (doctor_id, patient_id) VALUES (%L, %L)', :doctor, :patient)), NULL, 'but may ask again');

-- Programs reach only what they need.
SELECT is(pg_temp.refusal('dastern_' || p, :patient, q), '42501', p || ': ' || q) FROM (VALUES
    ('family', 'SELECT * FROM prescriptions'), ('notifications', 'SELECT * FROM medications'), ('reminders', 'DELETE FROM medication_reminder_logs'),
    ('reminders', 'SELECT email FROM users'), ('ocr_worker', 'SELECT * FROM medications'), ('scheduler_worker', 'SELECT * FROM medication_reminder_logs'),
    ('delivery_worker', 'SELECT password_hash FROM users'), ('admin', 'SELECT * FROM prescriptions'), ('auth', 'SELECT * FROM prescriptions')) AS t (p, q);
SELECT is(pg_temp.run_as('dastern_ocr_worker', NULL, 'SELECT count(*) FROM (SELECT id FROM prescriptions) p'), '0', 'the reader sees only what waits to be read');
SELECT is(pg_temp.run_as('dastern_admin', :other, 'SELECT count(id) FROM users'), '1', 'the admin module shows others to admins only');
-- One's own rows are read without asking for anybody else's.
CREATE OR REPLACE FUNCTION visible_patients(permission text) RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE EXCEPTION 'asked'; END $$;
CREATE OR REPLACE FUNCTION shared_prescriptions() RETURNS uuid[] LANGUAGE plpgsql STABLE AS $$ BEGIN RAISE EXCEPTION 'asked'; END $$;
SET LOCAL enable_seqscan = off;
SELECT is(pg_temp.run_as('dastern_prescriptions', :patient, 'SELECT count(*) FROM prescriptions WHERE patient_id = (SELECT allowed_patient(NULL, $$view_prescriptions$$))'), '2', 'own prescriptions');
SELECT is(pg_temp.run_as('dastern_prescriptions', :patient, 'SELECT count(*) FROM medications WHERE patient_id = (SELECT app_user_id())'), '2', 'own medicines');
SELECT is(pg_temp.run_as('dastern_reminders', :patient, 'SELECT count(*) FROM medication_reminder_logs WHERE patient_id = (SELECT app_user_id())'), '2', 'own doses');
SELECT isnt(pg_temp.refusal('dastern_prescriptions', :relative, 'SELECT count(*) FROM prescriptions'), NULL, '(another''s do ask)');
SELECT * FROM finish();
ROLLBACK;
