-- Prescriptions, medicines and the reading of pictures. What a prescription or medicine looks like is in the views of
-- database/functions/prescription_cards.sql; what may be done to them in prescriptions.sql and confirm.sql there.
-- viewed_…() check the right to look, and tell the audit log when somebody else than the patient looks.

-- name: list_prescriptions
SELECT c.*, c.id AS _cursor_1
  FROM prescription_cards c
 WHERE c.patient_id = (SELECT viewed_patient(:patient_id::uuid, 'view_prescriptions', 'prescription'))
   AND c.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
   AND (c.status = :status::prescription_status OR :status::prescription_status IS NULL AND c.status <> 'archived')
   AND (:from::date IS NULL OR coalesce(c.prescription_date, c.created_at::date) >= :from::date)
   AND (:to::date IS NULL OR coalesce(c.prescription_date, c.created_at::date) <= :to::date)
   AND (:q::text IS NULL OR prescription_mentions(c.id, :q::text))
 ORDER BY c.id DESC LIMIT :limit::int + 1

-- name: find_prescription
SELECT c.*
  FROM prescription_cards c
 WHERE c.id = :prescription_id::uuid
   AND c.patient_id = (SELECT viewed_prescription(:prescription_id::uuid, 'prescription'))

-- name: find_new_prescription
SELECT c.*, '/api/v1/prescriptions/' || c.id AS _location
  FROM prescription_cards c WHERE c.id = :prescription_id::uuid

-- name: find_confirmed_prescription
SELECT c.*, (SELECT count(*) FROM medication_reminders r JOIN medications m ON m.id = r.medication_id
              WHERE m.prescription_id = c.id) AS reminders_created
  FROM prescription_cards c WHERE c.id = :prescription_id::uuid

-- name: create_prescription
SELECT prescription_create(:patient_id::uuid, :body::jsonb, :medications::jsonb) AS id

-- name: change_prescription
SELECT id, prescription_edit(id, coalesce(:body::jsonb, '{}')) FROM unchanged_prescription(:prescription_id::uuid, :if_match::text) AS id

-- name: archive_prescription
SELECT id, prescription_archive(id) FROM unchanged_prescription(:prescription_id::uuid, :if_match::text) AS id

-- name: begin_upload
SELECT upload_begin(:patient_id::uuid, :image_bytes::bigint, :quota_bytes::bigint, :quota_count::bigint) AS id

-- name: store_upload
SELECT upload_store(:prescription_id::uuid, :patient_id::uuid, :image_name::text, :image_hash::bytea, :image_type::text,
                    :image_bytes::int, :image_width::int, :image_height::int, :quota_bytes::bigint, :quota_count::bigint)

-- name: find_upload
SELECT p.id, p.status, g.status AS "processing.status", g.stage AS "processing.stage", g.progress AS "processing.progress",
       g.attempts AS "processing.attempts", g.queued_at AS "processing.queued_at", g.started_at AS "processing.started_at",
       g.completed_at AS "processing.completed_at", g.error AS "processing.error", '/api/v1/prescriptions/' || p.id AS _location
  FROM prescriptions p JOIN prescription_progress g ON g.prescription_id = p.id
 WHERE p.id = :prescription_id::uuid

-- name: find_processing
SELECT g.status, g.stage, g.progress, g.attempts, g.queued_at, g.started_at, g.completed_at, g.error, g.settled AS _settled,
       md5(concat_ws('/', g.queued_at, g.status, g.stage, g.progress, g.attempts)) AS _etag
  FROM prescription_progress g
 WHERE g.prescription_id = :prescription_id::uuid
   AND g.patient_id = (SELECT allowed_prescription(:prescription_id::uuid, 'view_prescriptions'))

-- name: reprocess_prescription
SELECT :prescription_id::uuid AS id, prescription_enqueue(:prescription_id::uuid) AS job_id

-- name: confirm_prescription
SELECT prescription_id AS id
  FROM confirm_prescription(:prescription_id::uuid, :medications::jsonb, :create_reminders::boolean, :template_id::uuid, :start_date::date)

-- name: find_review
SELECT c.id, c.status, c.stage, c.version, c.ocr_confidence_score, c.unsure,
       CASE WHEN p.rectified_image_url IS NOT NULL THEN '/api/v1/prescriptions/' || c.id || '/rectified' END AS "picture.url",
       p.rectified_width AS "picture.width", p.rectified_height AS "picture.height",
       review_fields(c.id, NULL, c.unsure) AS fields,
       (SELECT coalesce(json_agg(json_build_object('medication', m, 'fields', review_fields(c.id, m.id, m.unsure)) ORDER BY m.sequence_number), '[]')
          FROM medication_cards m WHERE m.prescription_id = c.id) AS rows, c._etag
  FROM prescription_cards c JOIN prescriptions p USING (id)
 WHERE c.id = :prescription_id::uuid
   AND c.patient_id = (SELECT viewed_prescription(:prescription_id::uuid, 'prescription'))

-- name: find_image
SELECT p.original_image_url AS name
  FROM prescriptions p
 WHERE p.id = :prescription_id::uuid
   AND p.patient_id = (SELECT viewed_prescription(:prescription_id::uuid, 'prescription_image'))

-- name: find_thumbnail
SELECT coalesce(p.thumbnail_url, p.original_image_url) AS name
  FROM prescriptions p
 WHERE p.id = :prescription_id::uuid
   AND p.patient_id = (SELECT allowed_prescription(:prescription_id::uuid, 'view_prescriptions'))

-- name: find_rectified
SELECT coalesce(p.rectified_image_url, p.original_image_url) AS name
  FROM prescriptions p
 WHERE p.id = :prescription_id::uuid
   AND p.patient_id = (SELECT viewed_prescription(:prescription_id::uuid, 'prescription_image'))

-- name: list_medications
SELECT c.*, c.id AS _cursor_1
  FROM medication_cards c JOIN prescriptions p ON p.id = c.prescription_id
 WHERE c.patient_id = (SELECT viewed_patient(:patient_id::uuid, 'view_prescriptions', 'medication'))
   AND p.confirmed_at IS NOT NULL
   AND (:active::boolean IS NULL OR c.is_active = :active::boolean)
   AND c.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY c.id DESC LIMIT :limit::int + 1

-- name: find_medication
SELECT c.*, row_etag(m.updated_at) AS _etag
  FROM medication_cards c JOIN medications m USING (id)
 WHERE c.id = :medication_id::uuid
   AND (SELECT viewed_medication(:medication_id::uuid, 'view_prescriptions', 'medication', :medication_id::uuid))

-- name: find_new_medication
SELECT c.*, row_etag(m.updated_at) AS _etag, '/api/v1/medications/' || c.id AS _location
  FROM medication_cards c JOIN medications m USING (id)
 WHERE c.id = :medication_id::uuid

-- name: create_medication
SELECT medication_add(:prescription_id::uuid, :body::jsonb) AS id

-- name: change_medication
SELECT id, medication_edit(id, coalesce(:body::jsonb, '{}')) FROM unchanged_medication(:medication_id::uuid, :if_match::text) AS id

-- name: end_medication
SELECT id, medication_stop(id) FROM unchanged_medication(:medication_id::uuid, :if_match::text) AS id

-- name: list_provenance
SELECT v.field, v.source, v.value, v.confidence, v.box, v.recorded_at, v.recorded_by
  FROM provenance_cards v JOIN medications m ON m.id = v.medication_id
 WHERE v.medication_id = :medication_id::uuid AND v.prescription_id = m.prescription_id
   AND (SELECT viewed_medication(:medication_id::uuid, 'view_prescriptions', 'medication', :medication_id::uuid))
 ORDER BY v.field

-- The worker's: one picture to be read, from the claim of its job to the end.

-- name: ocr_source
SELECT p.id AS prescription_id, p.original_image_url AS name
  FROM prescription_processing_queue q JOIN prescriptions p ON p.id = q.prescription_id
 WHERE q.id = :job_id::uuid

-- name: ocr_keep_pictures
SELECT pictures_keep(:job_id::uuid, :worker::text, :attempt::int,
                     jsonb_build_object('image', :image::text, 'thumbnail', :thumbnail::text, 'rectified', :rectified::text, 'bytes', :bytes::int,
                                        'width', :draft::jsonb #> '{page,width}', 'height', :draft::jsonb #> '{page,height}')) AS held

-- name: ocr_store_draft
SELECT store_draft(:job_id::uuid, :worker::text, :attempt::int, reading_draft(:draft::jsonb)) AS held

-- name: ocr_refuse
SELECT queue_fail('prescription_processing_queue', :job_id::uuid, :worker::text, :attempt::int, :error::text, false) IS NOT NULL AS held

-- name: ocr_is_known
SELECT p.id FROM prescriptions p WHERE p.id = :prescription_id::uuid AND p.original_image_url IS NOT NULL
