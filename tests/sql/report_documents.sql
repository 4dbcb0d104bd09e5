-- Reports: figures and sentences of nothing, who may ask for what, and what a claimed job leaves behind.
BEGIN;
SELECT plan(27);

INSERT INTO users (id, email, first_name, last_name, role, onboarding_status, language) VALUES
    ('00000000-0000-7000-8000-00000000aa01', 'report-patient@example.org', 'P', 'P', 'patient', 'active', 'en'),
    ('00000000-0000-7000-8000-00000000aa02', 'report-relative@example.org', 'R', 'R', 'family_member', 'active', 'fr');
CREATE FUNCTION pg_temp.become(who text) RETURNS void LANGUAGE sql AS $$ SELECT act_as(('00000000-0000-7000-8000-00000000aa0' || who)::uuid) $$;
\set patient '\'00000000-0000-7000-8000-00000000aa01\''
\set relative '\'00000000-0000-7000-8000-00000000aa02\''

-- Figures
SELECT is(report_measures(0, 0, 0, 0, 0, 0, 0) #> '{measures,0,value}', 'null', 'nothing counted: null, not 0');
SELECT is(report_measures(3, 2, 1, 1, 0, 2, 1) #> '{measures,0}',
          '{"formula": "dose_adherence_v1", "numerator": 2, "denominator": 3, "value": 0.6667}'::jsonb, 'taken of counted');
SELECT is(report_measures(3, 2, 1, 1, 0, 2, 1) #> '{measures,1}',
          '{"formula": "timing_adherence_v1", "numerator": 1, "denominator": 3, "value": 0.3333}'::jsonb, 'a late one is not in time');
SELECT is(report_measures(3, 2, 1, 1, 0, 2, 1) #> '{measures,2}',
          '{"formula": "pdc_v1", "numerator": 1, "denominator": 2, "value": 0.5000}'::jsonb, 'days covered');
SELECT is(report_time('2026-03-01 07:30:00.5+07'), '2026-03-01T00:30:00Z', 'instants are told in UTC');

-- Words: every type in every language, and no percentage of nothing
SELECT is((SELECT count(DISTINCT report_title(t, l))::integer FROM unnest(ARRAY['prescription_history', 'medication_adherence']) t,
           unnest(ARRAY['km', 'en', 'fr']) l), 6, 'six titles');
SELECT is(report_summary('medication_adherence', 'en', '{"overall": {"counts": {"counted": 0, "taken": 0}}}'), 'No dose was due in this time.', 'nothing due');
SELECT is(report_summary('medication_adherence', 'fr', '{"overall": {"counts": {"counted": 4, "taken": 3}}}'), '3 prises effectuées sur 4.', 'three of four');

-- Which medicines a report names
SELECT is(report_medications('{"prescriptions": [{"medications": [{"id": "00000000-0000-7000-8000-000000000001"}]}]}'),
          ARRAY['00000000-0000-7000-8000-000000000001'::uuid], 'those of a history');
SELECT is(report_medications('{"by_medication": [{"medication": {"id": "00000000-0000-7000-8000-000000000002"}}]}'),
          ARRAY['00000000-0000-7000-8000-000000000002'::uuid], 'those of an adherence report');
SELECT is(report_medications('{"prescriptions": []}'), '{}'::uuid[], 'none of an empty one');

-- Asking
SELECT pg_temp.become('1');
SELECT throws_ok($$ SELECT report_request('risk_analysis', NULL, NULL, NULL, NULL) $$, 'DT422', NULL, 'a type that is not made yet');
SELECT throws_ok($$ SELECT report_request('medication_adherence', NULL, NULL, '2024-01-01', '2026-01-01') $$, 'DT422', NULL, 'more than a year');
SELECT throws_ok($$ SELECT report_request('prescription_history', NULL, NULL, '2026-02-01', '2026-01-01') $$, '23514', NULL, 'ends before it begins');
SELECT throws_ok($$ SELECT report_request('medication_adherence', '00000000-0000-7000-8000-00000000aa02', NULL, NULL, NULL) $$, 'DT404', NULL, 'another person');
SELECT is((SELECT count(*)::integer FROM jobs WHERE user_id = :patient), 0, 'a refusal leaves no job');
SELECT lives_ok($$ SELECT report_request('medication_adherence', NULL, NULL, NULL, '2026-03-31') $$, 'one''s own');
SELECT is((SELECT (r.period_from, r.period_to, r.language, r.status)::text FROM ai_reports r WHERE user_id = :patient),
          '(2026-03-02,2026-03-31,en,queued)', 'thirty days unless told, in the asker''s language');
SELECT pg_temp.become('2');
SELECT throws_ok($$ SELECT report_request('medication_adherence', '00000000-0000-7000-8000-00000000aa01', NULL, NULL, NULL) $$, 'DT404', NULL, 'not linked');
INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, view_reports) VALUES (:patient, :relative, 'daughter', true);
SELECT lives_ok($$ SELECT report_request('medication_adherence', '00000000-0000-7000-8000-00000000aa01', NULL, NULL, NULL) $$, 'linked, with view_reports');
SELECT throws_ok($$ SELECT report_request('prescription_history', '00000000-0000-7000-8000-00000000aa01', NULL, NULL, NULL) $$, 'DT404', NULL,
                 'a history takes view_prescriptions as well');

-- Making: fenced by worker and attempt, and with the rights of now
UPDATE jobs SET status = 'running', attempts = 1, locked_by = 'w', locked_until = now() + interval '1 minute' WHERE user_id IN (:patient, :relative);
SELECT is((SELECT DISTINCT status FROM ai_reports WHERE user_id = :relative), 'running', 'a report shows how its job is doing');
SELECT is((SELECT report_make(id, 'w', 2) FROM jobs WHERE user_id = :relative), NULL, 'another attempt holds nothing');
UPDATE family_relationships SET view_reports = false WHERE family_member_id = :relative;
SELECT is((SELECT report_make(id, 'w', 1) FROM jobs WHERE user_id = :relative), 'not_permitted', 'the right was taken back');
SELECT is((SELECT (status, error, content)::text FROM ai_reports WHERE user_id = :relative), '(error,report.not_permitted,)', 'it holds nothing');
SELECT is((SELECT report_make(id, 'w', 1) FROM jobs WHERE user_id = :patient), 'done', 'one''s own is made');
SELECT is((SELECT (j.status, r.status, r.content #> '{overall,measures,0,value}')::text FROM jobs j JOIN ai_reports r ON r.job_id = j.id
            WHERE j.user_id = :patient), '(done,done,null)', 'with its job done, and null for no doses');

SELECT * FROM finish();
ROLLBACK;
