-- How well doses were taken. Counted are doses whose time is over (taken, skipped, missed); as-needed doses and pauses never count.
--   adherence         taken / (taken + skipped + missed)                              formula dose_adherence_v1
--   timing_adherence  taken within the grace / (taken + skipped + missed)             formula timing_adherence_v1
--   pdc               days with every counted dose taken / days with a counted dose   formula pdc_v1
-- No counted dose: NULL, never 0 or 1. Rights are those of the caller's row-level security on the doses.

CREATE OR REPLACE FUNCTION adherence_ratio(part bigint, whole bigint) RETURNS numeric
LANGUAGE sql IMMUTABLE
AS $$ SELECT round(part::numeric / nullif(whole, 0), 4) $$;

-- By day, week (its Monday), month (its first) or medicine (`bucket_id`); 'all' gives one row, also without a dose.
CREATE OR REPLACE FUNCTION adherence_by(patient uuid, from_date date, to_date date, bucket text)
RETURNS TABLE (bucket_date date, bucket_id uuid, counted bigint, taken bigint, taken_late bigint, skipped bigint, missed bigint,
               days bigint, days_covered bigint, adherence numeric, timing_adherence numeric, pdc numeric)
LANGUAGE sql STABLE
AS $$
    WITH dose AS (
        SELECT CASE adherence_by.bucket WHEN 'day' THEN l.scheduled_date WHEN 'week' THEN date_trunc('week', l.scheduled_date)::date
                    WHEN 'month' THEN date_trunc('month', l.scheduled_date)::date END AS bucket_date,
               CASE adherence_by.bucket WHEN 'medication' THEN l.medication_id END AS bucket_id,
               l.scheduled_date, l.status, l.taken_late
          FROM medication_reminder_logs l
         WHERE l.patient_id = adherence_by.patient AND l.scheduled_date BETWEEN from_date AND to_date AND l.reminder_id IS NOT NULL
           AND l.status IN ('taken', 'skipped', 'missed')
    ), day AS (
        SELECT d.bucket_date, d.bucket_id, d.scheduled_date, count(*) AS counted, count(*) FILTER (WHERE d.status = 'taken') AS taken,
               count(*) FILTER (WHERE d.taken_late) AS late, count(*) FILTER (WHERE d.status = 'skipped') AS skipped,
               count(*) FILTER (WHERE d.status = 'missed') AS missed
          FROM dose d GROUP BY d.bucket_date, d.bucket_id, d.scheduled_date
    ), total AS (
        SELECT y.bucket_date, y.bucket_id, coalesce(sum(y.counted), 0)::bigint AS counted, coalesce(sum(y.taken), 0)::bigint AS taken,
               coalesce(sum(y.late), 0)::bigint AS late, coalesce(sum(y.skipped), 0)::bigint AS skipped, coalesce(sum(y.missed), 0)::bigint AS missed,
               count(y.scheduled_date) AS days, count(*) FILTER (WHERE y.taken = y.counted) AS covered
          FROM day y GROUP BY GROUPING SETS ((y.bucket_date, y.bucket_id), ())
        HAVING (grouping(y.bucket_date) = 1) = (adherence_by.bucket = 'all')
    )
    SELECT t.bucket_date, t.bucket_id, t.counted, t.taken, t.late, t.skipped, t.missed, t.days, t.covered,
           adherence_ratio(t.taken, t.counted), adherence_ratio(t.taken - t.late, t.counted), adherence_ratio(t.covered, t.days)
      FROM total t ORDER BY t.bucket_date, t.bucket_id
$$;

CREATE OR REPLACE FUNCTION adherence(patient uuid, from_date date, to_date date)
RETURNS TABLE (counted bigint, taken bigint, taken_late bigint, skipped bigint, missed bigint, days bigint, days_covered bigint,
               adherence numeric, timing_adherence numeric, pdc numeric)
LANGUAGE sql STABLE
AS $$
    SELECT a.counted, a.taken, a.taken_late, a.skipped, a.missed, a.days, a.days_covered, a.adherence, a.timing_adherence, a.pdc
      FROM adherence_by(patient, from_date, to_date, 'all') AS a
$$;
