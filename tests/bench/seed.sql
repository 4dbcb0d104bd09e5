-- A million prescriptions of 20,000 patients, and one patient (:patient) with 400 of them and doses to take.
-- As superuser, with triggers off: what is measured is reading and taking, not this.
\set ON_ERROR_STOP on
SET session_replication_role = replica;
SET synchronous_commit = off;

INSERT INTO users (id, email, role, onboarding_status, first_name, last_name)
SELECT md5('patient' || n)::uuid, 'bench' || n || '@bench.example', 'patient', 'active', 'Bench', 'Patient'
  FROM generate_series(1, 20000) n;

INSERT INTO prescriptions (id, patient_id, created_by, status, confirmed_at, source, hospital_name, prescribing_doctor_name, diagnosis, prescription_date)
SELECT uuid_v7(), md5('patient' || (n % 20000 + 1))::uuid, md5('patient' || (n % 20000 + 1))::uuid, 'completed', now(), 'manual',
       'Bench Hospital', 'Dr Bench', 'Diagnosis ' || n % 100, date '2026-01-01' + n % 300
  FROM generate_series(1, 999600) n;
INSERT INTO prescriptions (id, patient_id, created_by, status, confirmed_at, source, hospital_name, prescribing_doctor_name, diagnosis, prescription_date)
SELECT uuid_v7(), :'patient', :'patient', 'completed', now(), 'manual', 'Bench Hospital', 'Dr Bench', 'Diagnosis ' || n % 100, date '2026-01-01' + n % 300
  FROM generate_series(1, 400) n;

-- Three medicines on each prescription of the one patient, one on each tenth of the others.
INSERT INTO medications (prescription_id, patient_id, sequence_number, name, strength, form, quantity, quantity_unit, duration_days, dose_morning, dose_evening)
SELECT p.id, p.patient_id, s, 'Medicine ' || s, '500 mg', 'tablet', 14, 'tablet', 7, 1, 1
  FROM prescriptions p CROSS JOIN generate_series(1, 3) s
 WHERE p.patient_id = :'patient';
INSERT INTO medications (prescription_id, patient_id, sequence_number, name, strength, form, dose_morning)
SELECT id, patient_id, 1, 'Medicine', '500 mg', 'tablet', 1
  FROM prescriptions WHERE patient_id <> :'patient' AND get_byte(uuid_send(id), 15) < 26;

-- 100 reminders with doses at 600 different minutes of today, all pending and due.
INSERT INTO medication_reminders (medication_id, patient_id, template_snapshot, time_slot, scheduled_time, dose_amount, start_date, timezone, materialized_until)
SELECT m.id, m.patient_id, '{}', 'custom', time '08:00', 1, current_date, 'Asia/Phnom_Penh', current_date + 30
  FROM medications m WHERE m.patient_id = :'patient' LIMIT 100;
INSERT INTO medication_reminder_logs (id, reminder_id, medication_id, patient_id, scheduled_date, scheduled_time, time_slot, timezone, due_at, grace_until, fire_at, fired_at, status, dose_amount)
SELECT dose_uuid(current_date, at), r.id, r.medication_id, r.patient_id, current_date, at, 'custom', r.timezone, now(), now() + interval '6 hours',
       now(), now(), 'pending', 1
  FROM medication_reminders r CROSS JOIN LATERAL (SELECT time '00:00' + n * interval '1 minute' AS at FROM generate_series(0, 1199) n) t
 WHERE r.patient_id = :'patient';

CREATE SCHEMA bench;
CREATE TABLE bench.inserted (id uuid PRIMARY KEY, dose_id uuid NOT NULL, at timestamptz NOT NULL, note text);
RESET session_replication_role;
VACUUM ANALYZE prescriptions, medications, medication_reminders, medication_reminder_logs, users;
CHECKPOINT;
