-- Reports of the caller: the view report_cards shows only what the caller may still see. The last one is the worker's.

-- name: request_report
SELECT c.id, c.type, c.patient_id, c.language, c.status, c.period_from AS "period.from", c.period_to AS "period.to",
       c.title, c.summary, c.content, c.error, c.created_at, c.completed_at, '/api/v1/reports/' || c.id AS _location
  FROM report_request(:type, :patient_id::uuid, :language, :from::date, :to::date) AS c;

-- name: list_reports
SELECT c.id, c.type, c.patient_id, c.language, c.status, c.period_from AS "period.from", c.period_to AS "period.to",
       c.title, c.summary, c.error, c.created_at, c.completed_at, c.id AS _cursor_1
  FROM report_cards c
 WHERE (:patient_id::uuid IS NULL OR c.patient_id = :patient_id::uuid)
   AND (:type::text IS NULL OR c.type = :type::text)
   AND c.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY c.id DESC
 LIMIT :limit::int + 1;

-- A look at somebody's report is told in the access log of its patient.
-- name: get_report
SELECT c.id, c.type, c.patient_id, c.language, c.status, c.period_from AS "period.from", c.period_to AS "period.to",
       c.title, c.summary, c.content, c.error, c.created_at, c.completed_at,
       md5(concat_ws(' ', c.status, c.completed_at)) AS _etag,
       audit('report.view', 'report', c.id, c.patient_id, '{}') AS _audit
  FROM report_cards c
 WHERE c.id = :report_id::uuid;

-- name: make_report
SELECT report_make(:job_id::uuid, :worker, :attempt::int) AS outcome;
