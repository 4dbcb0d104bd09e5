-- Adherence as clients see it: every figure with the formula it follows, its numerator and its denominator.

-- One figure; `value` is null when nothing was counted.
CREATE OR REPLACE FUNCTION measure(formula text, numerator bigint, denominator bigint) RETURNS json
LANGUAGE sql IMMUTABLE
AS $$
    SELECT json_build_object('value', adherence_ratio(numerator, denominator), 'formula', formula,
                             'numerator', numerator, 'denominator', denominator)
$$;

-- Days in a row with every counted dose taken, up to `until`; days without a counted dose neither count nor break it. A year is
-- looked at, at most.
CREATE OR REPLACE FUNCTION adherence_streak(patient uuid, until date) RETURNS bigint
LANGUAGE sql STABLE
AS $$
    WITH day AS (
        SELECT l.scheduled_date, bool_and(l.status = 'taken') AS kept
          FROM medication_reminder_logs l
         WHERE l.patient_id = patient AND l.scheduled_date > until - 366 AND l.scheduled_date <= until AND l.reminder_id IS NOT NULL
           AND l.status IN ('taken', 'skipped', 'missed')
         GROUP BY l.scheduled_date
    )
    SELECT count(*) FROM day WHERE day.scheduled_date > coalesce((SELECT max(d.scheduled_date) FROM day d WHERE NOT d.kept), '-infinity')
$$;

-- By day, week, month or medicine: the buckets in order. A medicine's bucket has its id and name.
CREATE OR REPLACE FUNCTION adherence_buckets(patient uuid, first date, last date, bucket text) RETURNS json
LANGUAGE sql STABLE
AS $$
    SELECT coalesce(json_agg(json_build_object(
               'date', a.bucket_date, 'medication', CASE WHEN m.id IS NOT NULL THEN json_build_object('id', m.id, 'name', m.name) END,
               'counts', json_build_object('counted', a.counted, 'taken', a.taken, 'taken_late', a.taken_late, 'skipped', a.skipped, 'missed', a.missed),
               'adherence', measure('dose_adherence_v1', a.taken, a.counted),
               'timing_adherence', measure('timing_adherence_v1', a.taken - a.taken_late, a.counted),
               'pdc', measure('pdc_v1', a.days_covered, a.days)) ORDER BY a.bucket_date, m.name, a.bucket_id), '[]')
      FROM adherence_by(patient, first, last, bucket) AS a LEFT JOIN medications m ON m.id = a.bucket_id
$$;
