-- A small life to look at: a patient with two confirmed prescriptions, ten days of doses taken and missed, a daughter who follows her and
-- a doctor with a note. Made by the functions the program itself uses. Needs all migrations and functions; a second run changes nothing.
--
--   sokha@example.test    the patient        chenda@example.test   her daughter (family member)
--   dr.sorn@example.test  her doctor         password of all: korng-phnom-77

SELECT EXISTS (SELECT FROM users WHERE email = 'sokha@example.test') AS loaded \gset
\if :loaded
\else
BEGIN;

\set patient  00000000-0000-7000-8000-00000000d001
\set daughter 00000000-0000-7000-8000-00000000d002
\set doctor   00000000-0000-7000-8000-00000000d003

INSERT INTO users (id, email, phone_number, password_hash, role, onboarding_status, first_name, last_name, language, email_verified) VALUES
    (:'patient',  'sokha@example.test',   '+85512000001', '$argon2id$v=19$m=19456,t=2,p=1$TXR5cEU0emNvWkxQQTNFcg$pW+rQdeRHe+U2pL/LuHGKOKGRvUwtlsQjIqT/kucUMg', 'patient',       'active', 'Sokha',  'Prak', 'km', true),
    (:'daughter', 'chenda@example.test',  '+85512000002', '$argon2id$v=19$m=19456,t=2,p=1$TXR5cEU0emNvWkxQQTNFcg$pW+rQdeRHe+U2pL/LuHGKOKGRvUwtlsQjIqT/kucUMg', 'family_member', 'active', 'Chenda', 'Prak', 'en', true),
    (:'doctor',   'dr.sorn@example.test', '+85512000003', '$argon2id$v=19$m=19456,t=2,p=1$TXR5cEU0emNvWkxQQTNFcg$pW+rQdeRHe+U2pL/LuHGKOKGRvUwtlsQjIqT/kucUMg', 'doctor',        'active', 'Piseth', 'Sorn', 'fr', true);
INSERT INTO patient_profiles (user_id, date_of_birth, gender, blood_type, allergies, conditions, morning_time, noon_time, evening_time, night_time)
VALUES (:'patient', '1958-02-11', 'female', 'B+', '{aspirin}', '{"type 2 diabetes",hypertension}', '06:30', '11:30', '17:30', '20:30');
INSERT INTO family_member_profiles (user_id, relationship) VALUES (:'daughter', 'daughter');
INSERT INTO doctor_profiles (user_id, license_number, specialization, hospital_name, years_of_experience, verification_status, verified_at, verified_by)
VALUES (:'doctor', 'DEMO-0003', 'Endocrinology', 'Demo Hospital', 15, 'verified', now(), :'doctor');

INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, view_prescriptions, log_doses)
VALUES (:'patient', :'daughter', 'daughter', true, true);
INSERT INTO doctor_patient_relationships (doctor_id, patient_id, status, level, decided_at) VALUES (:'doctor', :'patient', 'active', 'full', now());

-- As the patient: the prescriptions, and their reminders as if they had been confirmed ten days ago.
SELECT set_config('app.user_id', :'patient', true), set_config('app.role', 'patient', true) \g /dev/null
SELECT current_date - 10 AS begun \gset
SELECT prescription_create(NULL, jsonb_build_object('hospital_name', 'Demo Hospital', 'prescribing_doctor_name', 'Dr Sorn Piseth', 'patient_age', 68,
           'patient_gender', 'female', 'diagnosis', 'Type 2 diabetes, hypertension', 'prescription_date', :'begun'), '[
    {"name": "Metformin", "strength": "500 mg", "form": "tablet", "quantity": 60, "quantity_unit": "tablets", "duration_days": 30, "doses": {"morning": 1, "evening": 1},
     "dose_unit": "tablet", "meal_relation": "after", "instructions": "After meals"},
    {"name": "Amlodipine", "strength": "5 mg", "form": "tablet", "quantity": 30, "quantity_unit": "tablets", "duration_days": 30, "doses": {"morning": 1}, "dose_unit": "tablet"}]')
       AS diabetes \gset
SELECT prescription_create(NULL, jsonb_build_object('hospital_name', 'Demo Clinic', 'diagnosis', 'Joint pain', 'prescription_date', :'begun'), '[
    {"name": "Paracetamol", "strength": "500 mg", "form": "tablet", "quantity": 20, "quantity_unit": "tablets", "as_needed": true, "max_doses_per_day": 4,
     "min_interval_minutes": 240, "dose_unit": "tablet", "instructions": "When in pain, at most 4 a day"},
    {"name": "Calcium carbonate", "strength": "500 mg", "form": "tablet", "quantity": 15, "quantity_unit": "tablets", "doses": {"night": 0.5}, "dose_unit": "tablet"}]') AS joints \gset
SELECT confirm_prescription(:'diabetes', NULL, true, NULL, :'begun'), confirm_prescription(:'joints', NULL, true, NULL, :'begun') \g /dev/null
SELECT reminder_plan(r, r.start_date, '-infinity') FROM medication_reminders r WHERE r.patient_id = :'patient' \g /dev/null

-- Most doses were taken, a few minutes after their time; some in the evening were forgotten.
SELECT dose_take(l.id, l.due_at + (3 + extract(day FROM l.scheduled_date)::integer % 20) * interval '1 minute', NULL, NULL)
  FROM medication_reminder_logs l
 WHERE l.patient_id = :'patient' AND l.grace_until < now() AND NOT (l.time_slot = 'evening' AND extract(day FROM l.scheduled_date)::integer % 4 = 1) \g /dev/null
SELECT mark_missed_doses(1000) \g /dev/null
INSERT INTO medication_stock (medication_id, patient_id, units, unit)
SELECT id, patient_id, quantity - 20, quantity_unit FROM medications WHERE patient_id = :'patient' AND quantity > 20;

-- As the doctor.
SELECT set_config('app.user_id', :'doctor', true), set_config('app.role', 'doctor', true) \g /dev/null
INSERT INTO clinical_notes (doctor_id, patient_id, prescription_id, title, content, shared_with_patient)
VALUES (:'doctor', :'patient', :'diabetes', 'First visit', 'Fasting glucose 9.1 mmol/l. Start metformin, come back in a month.', true);

COMMIT;
\endif
