-- How well doses were taken: counts, three ratios, and NULL where nothing was due.
BEGIN;
SELECT plan(9);
\ir include/people.psql
\set m1 '\'00000000-0000-7000-8000-0000000002c1\''
\set m2 '\'00000000-0000-7000-8000-0000000002c2\''
SELECT pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c1', :m1, 'Alpha'), pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c2', :m2, 'Beta') \g /dev/null
INSERT INTO medication_reminders (id, medication_id, patient_id, time_slot, scheduled_time, dose_amount, start_date, end_date, timezone)
SELECT r::uuid, m::uuid, :patient, 'custom', '08:00', 1, '2025-01-01', '2025-01-01', 'UTC'
  FROM (VALUES ('00000000-0000-7000-8000-0000000005c1', :m1), ('00000000-0000-7000-8000-0000000005c2', :m2)) AS t (r, m);
-- Alpha: Monday 3 March to Wednesday taken, taken late, missed; next Monday skipped. Beta: Monday taken, Tuesday still pending.
INSERT INTO medication_reminder_logs (id, reminder_id, medication_id, patient_id, scheduled_date, scheduled_time, time_slot, timezone, due_at, fire_at, grace_until, dose_amount,
                                      status, actual_time, dose_taken, taken_late)
SELECT dose_uuid(day, '08:00'), ('00000000-0000-7000-8000-0000000005c' || n)::uuid, ('00000000-0000-7000-8000-0000000002c' || n)::uuid, :patient, day, '08:00', 'custom', 'UTC',
       day + time '08:00', day + time '08:00', day + time '10:00', 1, status, CASE status WHEN 'taken' THEN day + time '09:00' END, CASE status WHEN 'taken' THEN 1 END, late
  FROM (VALUES (1, date '2025-03-03', 'taken', false), (1, '2025-03-04', 'taken', true), (1, '2025-03-05', 'missed', false), (1, '2025-03-10', 'skipped', false),
               (2, '2025-03-03', 'taken', false), (2, '2025-03-04', 'pending', false)) AS d (n, day, status, late);

CREATE FUNCTION pg_temp.by(bucket text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.run_as('dastern_reminders', '00000000-0000-7000-8000-0000000000c1', format(
        'SELECT string_agg(concat_ws($q$ $q$, coalesce(bucket_date::text, right(bucket_id::text, 2)), counted, taken, taken_late, skipped, missed, adherence, timing_adherence, pdc), $q$, $q$ ORDER BY bucket_date, bucket_id)
           FROM adherence_by(%L, $q$2025-03-01$q$, $q$2025-03-31$q$, %L)', '00000000-0000-7000-8000-0000000000c1', bucket)) $$;
SELECT is(pg_temp.by('all'), '5 3 1 1 1 0.6000 0.4000 0.5000', 'all: what is pending does not count');
SELECT is(pg_temp.by('day'), '2025-03-03 2 2 0 0 0 1.0000 1.0000 1.0000, 2025-03-04 1 1 1 0 0 1.0000 0.0000 1.0000, 2025-03-05 1 0 0 0 1 0.0000 0.0000 0.0000, 2025-03-10 1 0 0 1 0 0.0000 0.0000 0.0000', 'by day');
SELECT is(pg_temp.by('week'), '2025-03-03 4 3 1 0 1 0.7500 0.5000 0.6667, 2025-03-10 1 0 0 1 0 0.0000 0.0000 0.0000', 'by week');
SELECT is(pg_temp.by('month'), '2025-03-01 5 3 1 1 1 0.6000 0.4000 0.5000', 'by month');
SELECT is(pg_temp.by('medication'), 'c1 4 2 1 1 1 0.5000 0.2500 0.5000, c2 1 1 0 0 0 1.0000 1.0000 1.0000', 'by medicine');
SELECT is((SELECT concat_ws(' ', counted, adherence IS NULL, timing_adherence IS NULL, pdc IS NULL) FROM adherence(:patient, '2024-01-01', '2024-01-31')), '0 t t t', 'nothing due: null, never 0');
SELECT is((SELECT count(*)::integer FROM adherence_by(:patient, '2024-01-01', '2024-01-31', 'day')), 0, 'and no days');
SELECT is(pg_temp.run_as('dastern_reminders', :other, format('SELECT counted FROM adherence(%L, %L, %L)', :patient, '2025-03-01', '2025-03-31')), '0', 'of another''s doses nothing is seen');
INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, hidden_medication_ids) VALUES (:patient, :relative, 'son', ARRAY[:m1::uuid]);
SELECT is(pg_temp.run_as('dastern_reminders', :relative, format('SELECT counted FROM adherence(%L, %L, %L)', :patient, '2025-03-01', '2025-03-31')), '1', 'nor of a hidden medicine');
SELECT * FROM finish();
ROLLBACK;
