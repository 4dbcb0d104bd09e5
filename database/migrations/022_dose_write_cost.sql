-- 022: what is checked twice when a dose is written is checked once. That its id carries its date is checked when it is made (trigger
-- `guard`; the constraint was read and planned again for every update); an event's patient is the dose's, whose key names both.

ALTER TABLE medication_reminder_logs DROP CONSTRAINT "dose.id_dated";
ALTER TABLE dose_events DROP CONSTRAINT dose_events_patient_id_fkey;
DROP INDEX dose_events_medication;
