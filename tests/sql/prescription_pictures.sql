-- The way of a picture: who may store one and how many, what of the reader's words is stored, and what a lost lease changes (nothing).
BEGIN;
SELECT plan(38);

INSERT INTO users (id, email, first_name, last_name, role, onboarding_status) VALUES
    ('00000000-0000-7000-8000-00000000bb01', 'picture-patient@example.org', 'P', 'P', 'patient', 'active'),
    ('00000000-0000-7000-8000-00000000bb02', 'picture-relative@example.org', 'R', 'R', 'family_member', 'active');
CREATE FUNCTION pg_temp.become(who text) RETURNS void LANGUAGE sql AS $$ SELECT act_as(('00000000-0000-7000-8000-00000000bb0' || who)::uuid) $$;
CREATE FUNCTION pg_temp.send(id uuid, bytes integer, quota_bytes bigint, quota_count bigint) RETURNS void LANGUAGE sql AS $$
    SELECT upload_store(id, '00000000-0000-7000-8000-00000000bb01', id || '.upload', sha256('x'), 'image/png', bytes, 800, 600, quota_bytes, quota_count)
$$;
\set patient '\'00000000-0000-7000-8000-00000000bb01\''
\set relative '\'00000000-0000-7000-8000-00000000bb02\''
\set picture '\'00000000-0000-7000-8000-00000000bb11\''

-- Values: what a column can hold goes in, anything else is nothing
SELECT is(reading_value('name', '"  Amoxicillin "'), '"Amoxicillin"', 'text is trimmed');
SELECT is(length(reading_value('strength', to_jsonb(repeat('x', 300))) #>> '{}'), 100, 'text is cut to what fits');
SELECT is(reading_value('name', '"   "'), NULL, 'blanks are nothing');
SELECT is(reading_value('name', NULL), NULL, 'nothing is nothing');
SELECT is(reading_value('doses.morning', '0.5'), '0.5', 'half a tablet');
SELECT is(reading_value('doses.morning', '"1.00"'), '1', 'a number as text, without its zeros');
SELECT is(reading_value('doses.morning', '-1'), NULL, 'below nothing');
SELECT is(reading_value('doses.morning', '501'), NULL, 'more than any dose');
SELECT is(reading_value('doses.morning', '"NaN"'), NULL, 'not a number');
SELECT is(reading_value('doses.morning', '"1 tablet"'), NULL, 'words are no number');
SELECT is(reading_value('quantity', '1e400'), NULL, 'beyond what a column holds');
SELECT is(reading_value('patient_age', '"45"'), '45', 'an age');
SELECT is(reading_value('prescription_date', '"2026-02-28"'), '"2026-02-28"', 'a day');
SELECT is(reading_value('prescription_date', '"2026-02-30"'), NULL, 'no such day');
SELECT is(reading_value('prescription_date', '"1066-10-14"'), NULL, 'too long ago');
SELECT is(reading_value('patient_gender', '"female"'), '"female"', 'a gender');
SELECT is(reading_value('meal_relation', '"during"'), NULL, 'not one of the known');
SELECT is(reading_value('status', '"completed"'), NULL, 'a field the reader has no say in');

-- Cells: doubt is never lost on the way
SELECT is(reading_cell('name', '{"source": null, "unsure": false, "confidence": 0}', NULL), NULL, 'nothing was there');
SELECT is(reading_cell('doses.noon', '{"source": "ocr", "unsure": false, "confidence": 0.9}', 'null') -> 'unsure', 'true', 'a dose without a number is unsure');
SELECT is(reading_cell('doses.noon', '{"source": "ocr", "unsure": false, "confidence": 0.9}', '1') -> 'unsure', 'false', 'one with a number is not');
SELECT is(reading_cell('quantity', '{"source": "ocr", "unsure": false, "confidence": 2}', '1e9') - 'box',
          '{"value": null, "source": "ocr", "confidence": 1, "unsure": true}'::jsonb, 'a value that does not fit is unsure, a confidence is at most 1');
SELECT is(reading_cell('name', '{"source": "ocr", "unsure": true, "confidence": 0.1, "box": [-4, 2.6, 3, 4]}', '"X"') -> 'box', '[0, 3, 3, 4]', 'a box lies on the picture');

-- Storing: the right, the room, one row and one job
SELECT pg_temp.become('2');
SELECT throws_ok(format($$ SELECT upload_begin(%L, 10, 100, 10) $$, :patient), 'DT404', NULL, 'not linked');
INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, view_prescriptions) VALUES (:patient, :relative, 'daughter', true);
SELECT throws_ok(format($$ SELECT upload_begin(%L, 10, 100, 10) $$, :patient), 'DT404', NULL, 'seeing is not writing');
SELECT pg_temp.become('1');
SELECT throws_ok($$ SELECT upload_begin(NULL, 101, 100, 10) $$, 'DT409', NULL, 'too many bytes');
SELECT throws_ok($$ SELECT upload_begin(NULL, 1, 100, 0) $$, 'DT409', NULL, 'too many pictures');
SELECT isnt(upload_begin(NULL, 100, 100, 1), NULL, 'there is room');
SELECT lives_ok(format($$ SELECT pg_temp.send(%L, 60, 100, 10) $$, :picture), 'stored');
SELECT is((SELECT (status, stage, attempts)::text FROM prescription_processing_queue WHERE prescription_id = :picture), '(queued,queued,0)', 'and queued');
SELECT throws_ok($$ SELECT pg_temp.send('00000000-0000-7000-8000-00000000bb12', 60, 100, 10) $$, 'DT409', NULL, 'the second is counted with the first');

-- The worker's end: fenced by the lease
UPDATE prescription_processing_queue SET status = 'running', locked_by = 'w', locked_until = now() + interval '1 minute', attempts = 1
 WHERE prescription_id = :picture;
SELECT is((SELECT pictures_keep(id, 'w', 2, '{"image": "a.jpg", "thumbnail": "b.jpg"}') FROM prescription_processing_queue WHERE prescription_id = :picture),
          false, 'another attempt keeps nothing');
SELECT is((SELECT original_image_url FROM prescriptions WHERE id = :picture), :picture || '.upload', 'the upload is still there');
SELECT is((SELECT pictures_keep(id, 'w', 1, '{"image": "a.jpg", "thumbnail": "b.jpg", "bytes": 7, "width": 0, "height": 0}')
             FROM prescription_processing_queue WHERE prescription_id = :picture), true, 'the holder keeps');
SELECT is((SELECT (original_image_url, thumbnail_url, rectified_image_url, image_bytes, image_type)::text FROM prescriptions WHERE id = :picture),
          '(a.jpg,b.jpg,,7,image/jpeg)', 'our own copies replace the upload');
SELECT pictures_keep(id, 'w', 1, '{}') FROM prescription_processing_queue WHERE prescription_id = :picture;
SELECT is((SELECT (original_image_url, thumbnail_url, image_bytes)::text FROM prescriptions WHERE id = :picture), '(,,)', 'what cannot be decoded is not kept');

SELECT queue_fail('prescription_processing_queue', id, 'w', 1, 'ocr.crashed', false) FROM prescription_processing_queue WHERE prescription_id = :picture;
SELECT is((SELECT status::text FROM prescriptions WHERE id = :picture), 'error', 'its reading is given up');
SELECT queue_retry('prescription_processing_queue', id) FROM prescription_processing_queue WHERE prescription_id = :picture;
SELECT is((SELECT status::text FROM prescriptions WHERE id = :picture), 'processing', 'and tried again: it is being read once more');

SELECT finish();
ROLLBACK;
