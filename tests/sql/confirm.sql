-- From a picture to reminders: the reader's draft, what keeps it from being confirmed, confirming it once and twice.
BEGIN;
SELECT plan(51);
\ir include/people.psql
\set rx '\'00000000-0000-7000-8000-0000000001d1\''
INSERT INTO prescriptions (id, patient_id, created_by, original_image_url, image_type) VALUES (:rx, :patient, :patient, 'picture.jpg', 'image/jpeg');
CREATE FUNCTION pg_temp.pr(call text, who uuid DEFAULT '00000000-0000-7000-8000-0000000000c1') RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.run_as('dastern_prescriptions', who, 'SELECT ' || call) $$;
CREATE FUNCTION pg_temp.no(call text, who uuid DEFAULT '00000000-0000-7000-8000-0000000000c1') RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.refusal('dastern_prescriptions', who, 'SELECT ' || call) $$;
CREATE FUNCTION pg_temp.ocr(call text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.run_as('dastern_ocr_worker', NULL, 'SELECT ' || call) $$;

SELECT is(pg_temp.no(format('prescription_enqueue(%L)', :rx), :other), 'DT404 not_found', 'another''s picture');
SELECT pg_temp.pr(format('prescription_enqueue(%L)', :rx)) AS job \gset
SELECT is(pg_temp.no(format('prescription_enqueue(%L)', :rx)), '23505 prescription.already_queued', 'queued once');
SELECT is(pg_temp.no(format('confirm_prescription(%L, NULL, true, NULL, NULL)', :rx)), 'DT409 prescription.not_ready', 'nothing to be confirmed while it waits');
SELECT is(pg_temp.ocr($$payload ->> 'image' FROM queue_claim('prescription_processing_queue', 'w', 60)$$), 'picture.jpg', 'the reader claims it');
SELECT is(pg_temp.ocr('count(*) FROM (SELECT id FROM prescriptions) p'), '1', 'and sees the row it needs');

\set draft '{"confidence": 0.8, "header": {"hospital_name": {"value": "Calmette", "confidence": 0.9, "source": "ocr", "box": [1, 2, 3, 4]}, "patient_age": {"value": null, "confidence": 0.1, "source": "ocr", "unsure": true}}, "medications": [{"name": {"value": "Amoxicillin", "confidence": 0.95, "source": "ocr", "box": [5, 6, 7, 8]}, "strength": {"value": "500 mg", "confidence": 0.9, "source": "ocr"}, "doses.morning": {"value": 1, "confidence": 0.9, "source": "ocr"}, "doses.evening": {"value": 1, "confidence": 0.4, "source": "ocr", "unsure": true}, "duration_days": {"value": 5, "confidence": 0.9, "source": "rule"}, "quantity": {"value": 10, "confidence": 0.3, "source": "ocr", "unsure": true}}, {"name": {"value": null, "confidence": 0, "source": "ocr"}}]}'
SELECT is(pg_temp.ocr(format('store_draft(%L, %L, 1, %L)', :'job', 'someone else', :'draft')), 'false', 'fenced by worker');
SELECT is(pg_temp.ocr(format('store_draft(%L, %L, 2, %L)', :'job', 'w', :'draft')), 'false', 'and by attempt');
SELECT is((SELECT count(*)::integer FROM medications WHERE prescription_id = :rx), 0, 'nothing was stored');
SELECT is(pg_temp.ocr(format('store_draft(%L, %L, 1, %L)', :'job', 'w', :'draft')), 'true', 'the draft is kept');
SELECT is(pg_temp.ocr(format('store_draft(%L, %L, 1, %L)', :'job', 'w', :'draft')), 'false', 'once');
SELECT is((SELECT status || ' ' || stage || ' ' || progress FROM prescription_processing_queue WHERE id = :'job'), 'done review 100', 'its job is done');
SELECT is((SELECT hospital_name || ' ' || unsure::text || ' ' || status FROM prescriptions WHERE id = :rx), 'Calmette {patient_age} processing', 'the head');
SELECT is((SELECT string_agg(name || unsure::text || dose_morning || '/' || dose_evening, ' ' ORDER BY sequence_number) FROM medications WHERE prescription_id = :rx),
          'Amoxicillin{doses.evening,quantity}1.00/1.00 {name}0.00/0.00', 'the medicines, with what is unsure; a missing name is unsure by itself');
SELECT is((SELECT confidence || ' ' || source || ' ' || box::text FROM medication_provenance WHERE prescription_id = :rx AND value = 'Amoxicillin'), '0.950 ocr {5,6,7,8}', 'how a field came to be');
SELECT is((SELECT type FROM notifications WHERE user_id = :patient), 'prescription.ready', 'the patient is told');
SELECT id AS m1 FROM medications WHERE prescription_id = :rx AND sequence_number = 1 \gset
SELECT id AS m2 FROM medications WHERE prescription_id = :rx AND sequence_number = 2 \gset
CREATE FUNCTION pg_temp.confirm(corrections text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.no(format('confirm_prescription(%L, %L, true, NULL, NULL)', '00000000-0000-7000-8000-0000000001d1', corrections)) $$;

-- What keeps it from being confirmed.
SELECT is(pg_temp.confirm(NULL), 'DT422 prescription.unsure_doses', 'an unsure dose');
SELECT is(pg_temp.confirm(format('[{"id": %s, "doses": {"morning": 2}}]', to_json(:'m1'::text))), 'DT422 prescription.unsure_doses', 'another dose was changed');
SELECT is(pg_temp.confirm(format('[{"id": %s, "accept": ["doses.morning"]}]', to_json(:'m1'::text))), 'DT422 prescription.unsure_doses', 'another was accepted');
SELECT is(pg_temp.confirm(format('[{"id": %s, "accept": ["doses.evening"]}]', to_json(:'m1'::text))), '23514 medication.name_required', 'a medicine without a name');
SELECT is(pg_temp.confirm(format('[{"id": %s, "dose": 1}]', to_json(:'m1'::text))), 'DT422 medication.unknown_field', 'a field there is not');
SELECT is(pg_temp.confirm(format('[{"id": %s, "doses": {"midnight": 1}}]', to_json(:'m1'::text))), 'DT422 medication.unknown_field', 'a slot there is not');
SELECT is(pg_temp.confirm(format('[{"id": %s, "doses": {"morning": -1}}]', to_json(:'m1'::text))), '23514 medication.dose_range', 'a negative dose');
SELECT is(pg_temp.confirm(format('[{"id": %s, "doses": {"morning": "many"}}]', to_json(:'m1'::text))), '22P02', 'a dose in words');
SELECT is(pg_temp.confirm(format('[{"id": %s, "name": "x"}]', to_json(uuid_v7()::text))), 'DT422 prescription.unknown_medication', 'a medicine of no prescription');
SELECT is(pg_temp.confirm(format('[{"id": %s, "remove": true}, {"id": %s, "remove": true}]', to_json(:'m1'::text), to_json(:'m2'::text))), 'DT422 prescription.no_medications', 'nothing left');
SELECT is(pg_temp.no(format('confirm_prescription(%L, NULL, true, NULL, NULL)', :rx), w::uuid), 'DT404 not_found', 'not by ' || w) FROM unnest(ARRAY[:other, :relative, :doctor]) w;
SELECT is((SELECT status || ' ' || version FROM prescriptions WHERE id = :rx) || ' ' || (SELECT count(*) FROM medication_reminders r WHERE r.medication_id IN (:'m1', :'m2')), 'processing 1 0', 'refusals left nothing');

-- Confirmed: the evening accepted, a noon dose given, the made-up row struck, a medicine added.
SELECT format('[{"id": %s, "accept": ["doses.evening"], "doses": {"noon": 0.5}}, {"id": %s, "remove": true}, {"name": "Vitamin C", "doses": {"morning": 1}, "duration_days": 3}]',
              to_json(:'m1'::text), to_json(:'m2'::text)) AS corrections \gset
SELECT is(pg_temp.pr(format($$concat_ws(' ', status, version, reminders_created, replayed) FROM confirm_prescription(%L, %L, true, NULL, NULL)$$, :rx, :'corrections')), 'completed 2 4 f', 'confirmed');
SELECT is((SELECT string_agg(concat_ws(' ', m.name, r.time_slot, r.dose_amount, to_char(r.scheduled_time, 'HH24:MI'), r.end_date - r.start_date + 1), ', ' ORDER BY m.name, r.scheduled_time)
             FROM medication_reminders r JOIN medications m ON m.id = r.medication_id WHERE m.prescription_id = :rx),
          'Amoxicillin morning 1.00 07:00 5, Amoxicillin noon 0.50 12:00 5, Amoxicillin evening 1.00 18:00 5, Vitamin C morning 1.00 07:00 3', 'a reminder per dose, at the patient''s meal times, for the days');
SELECT is((SELECT count(*)::integer FROM medication_reminder_logs l JOIN medications m ON m.id = l.medication_id WHERE m.prescription_id = :rx), 18, 'and every dose of the course: 3 x 5 + 3');
SELECT is((SELECT bool_and(due_at > now()) FROM medication_reminder_logs WHERE patient_id = :patient), true, 'none of them past');
SELECT is((SELECT count(*)::integer FROM medications WHERE prescription_id = :rx AND unsure <> '{}'), 0, 'nothing is unsure any more');
SELECT is((SELECT string_agg(field || '=' || value, ' ' ORDER BY field) FROM medication_provenance WHERE medication_id = :'m1' AND source = 'human' AND recorded_by = :patient),
          'doses.evening=1 doses.noon=0.5', 'what the person gave and accepted is theirs');
SELECT is((SELECT jsonb_array_length(snapshot -> 'medications') || ' ' || reason FROM prescription_versions WHERE prescription_id = :rx), '2 confirm', 'the draft as it was is kept');
SELECT is(pg_temp.pr(format($$concat_ws(' ', status, version, reminders_created, replayed) FROM confirm_prescription(%L, %L, true, NULL, NULL)$$, :rx, :'corrections')), 'completed 2 0 t', 'again: the same answer');
SELECT is((SELECT count(*) || ' ' || count(DISTINCT name) FROM medications WHERE prescription_id = :rx) || ' ' || (SELECT count(*) FROM medication_reminder_logs WHERE patient_id = :patient),
          '2 2 18', 'and nothing twice');
SELECT is(pg_temp.no(format('prescription_enqueue(%L)', :rx)), 'DT409 prescription.not_readable_again', 'what a person confirmed is not read over');

-- Edits of what is confirmed: versions, and reminders that follow.
SELECT pg_temp.pr(format('medication_edit(%L, %L)', :'m1', '{"doses": {"morning": 2, "noon": 0, "night": 1}}')) \g /dev/null
SELECT is((SELECT string_agg(time_slot || ' ' || dose_amount || ' ' || is_active, ', ' ORDER BY scheduled_time) FROM medication_reminders WHERE medication_id = :'m1'),
          'morning 2.00 true, noon 0.50 false, evening 1.00 true, night 1.00 true', 'a dose changed, one ended, one begun');
SELECT is((SELECT string_agg(DISTINCT time_slot || ' ' || dose_amount, ', ') FROM medication_reminder_logs WHERE medication_id = :'m1'), 'evening 1.00, morning 2.00, night 1.00', 'and so the doses ahead');
SELECT is((SELECT version FROM prescriptions WHERE id = :rx), 3, 'a version for it');
SELECT is(pg_temp.no(format('prescription_edit(%L, %L)', :rx, '{"status": "archived"}')), 'DT422 prescription.unknown_field', 'the state is not a field');
SELECT is(pg_temp.no(format('prescription_edit(%L, %L)', :rx, '{"patient_age": 200}')), '23514 prescription.age_range', 'an impossible age');
SELECT pg_temp.pr(format('prescription_archive(%L)', :rx)) \g /dev/null
SELECT is((SELECT status FROM prescriptions WHERE id = :rx) || ' ' || (SELECT count(*) FROM medication_reminders WHERE patient_id = :patient AND is_active), 'archived 0', 'archived: no reminders any more');
SELECT is(pg_temp.no(format('medication_edit(%L, %L)', :'m1', '{"name": "x"}')), 'DT409 prescription.not_editable', 'nor edits');

-- By hand.
SELECT is(pg_temp.no(format('prescription_create(NULL, NULL, %L)', '[]')), 'DT422 prescription.no_medications', 'a prescription of nothing');
SELECT is(pg_temp.no(format('prescription_create(NULL, NULL, %L)', '[{"strength": "5 mg"}]')), '23514 medication.name_required', 'of a medicine without a name');
SELECT is(pg_temp.no(format('prescription_create(%L, NULL, %L)', :other, '[{"name": "x"}]')), 'DT404 not_found', 'for somebody else');
SELECT pg_temp.pr(format('prescription_create(NULL, %L, %L)', '{"diagnosis": "d"}', '[{"name": "Iron", "doses": {"noon": 1}}]')) AS hand \gset
SELECT is(pg_temp.pr(format($$concat_ws(' ', status, reminders_created, replayed) FROM confirm_prescription(%L, NULL, true, %L, current_date + 3)$$, :'hand', '00000000-0000-7000-8000-000000000002')),
          'completed 1 t', 'its reminders, with a template and a first day');
SELECT is((SELECT to_char(scheduled_time, 'HH24:MI') || ' ' || (start_date - current_date) || ' ' || (template_snapshot ->> 'name') FROM medication_reminders r JOIN medications m ON m.id = r.medication_id
            WHERE m.prescription_id = :'hand'), '11:00 3 Early riser', 'as the template says');
SELECT * FROM finish();
ROLLBACK;
