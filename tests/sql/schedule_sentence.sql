-- The plain sentence of a schedule in three languages, and the days a list of doses may cover.
BEGIN;
SELECT plan(29);

CREATE FUNCTION pg_temp.said(language text, recurrence jsonb, first date DEFAULT '2026-02-01', last date DEFAULT NULL, amount numeric DEFAULT 0.50) RETURNS text
LANGUAGE sql AS $$ SELECT schedule_sentence(language, recurrence, '07:00', amount, 'x', first, last) $$;

SELECT is(pg_temp.said('en', '{"type": "daily"}'), '0.5 x at 07:00 every day from 1 February 2026 on.', 'en, daily, open end');
SELECT is(pg_temp.said('en', '{"type": "daily"}', last => '2026-12-31', amount => 2), '2 x at 07:00 every day from 1 February 2026 to 31 December 2026.', 'en, with an end');
SELECT is(pg_temp.said('en', '{"type": "every_n_days", "n": 3}'), '0.5 x at 07:00 every 3 days from 1 February 2026 on.', 'en, every n days');
SELECT is(pg_temp.said('en', '{"type": "weekdays", "days": [5, 1, 3, 1]}'), '0.5 x at 07:00 every Monday, Wednesday and Friday from 1 February 2026 on.', 'en, weekdays in order, once each');
SELECT is(pg_temp.said('en', '{"type": "weekdays", "days": [7]}'), '0.5 x at 07:00 every Sunday from 1 February 2026 on.', 'en, one weekday');
SELECT is(pg_temp.said('en', '{"type": "monthly", "days": [15, 1]}'), '0.5 x at 07:00 on day 1 and 15 of every month from 1 February 2026 on.', 'en, monthly');
SELECT is(pg_temp.said('en', '{"type": "cycle", "on": 21, "off": 7}'), '0.5 x at 07:00 in cycles (days on: 21, days off: 7) from 1 February 2026 on.', 'en, cycle');

SELECT is(pg_temp.said('fr', '{"type": "daily"}'), '0,5 x à 07:00, tous les jours, à partir du 1er février 2026.', 'fr, decimal comma, 1er');
SELECT is(pg_temp.said('fr', '{"type": "daily"}', last => '2026-08-02'), '0,5 x à 07:00, tous les jours, du 1er février 2026 au 2 août 2026.', 'fr, with an end');
SELECT is(pg_temp.said('fr', '{"type": "every_n_days", "n": 3}'), '0,5 x à 07:00, tous les 3 jours, à partir du 1er février 2026.', 'fr, every n days');
SELECT is(pg_temp.said('fr', '{"type": "weekdays", "days": [1, 2]}'), '0,5 x à 07:00, chaque lundi et mardi, à partir du 1er février 2026.', 'fr, weekdays');
SELECT is(pg_temp.said('fr', '{"type": "monthly", "days": [1, 15]}'), '0,5 x à 07:00, le 1er et 15 de chaque mois, à partir du 1er février 2026.', 'fr, monthly');
SELECT is(pg_temp.said('fr', '{"type": "cycle", "on": 21, "off": 7}'), '0,5 x à 07:00, par cycles (jours avec : 21, jours sans : 7), à partir du 1er février 2026.', 'fr, cycle');

SELECT is(pg_temp.said('km', '{"type": "daily"}'), '0.5 x នៅម៉ោង 07:00 រៀងរាល់ថ្ងៃ ចាប់ពីថ្ងៃទី1 ខែកុម្ភៈ ឆ្នាំ2026។', 'km, daily');
SELECT is(pg_temp.said('km', '{"type": "daily"}', last => '2026-12-31'), '0.5 x នៅម៉ោង 07:00 រៀងរាល់ថ្ងៃ ចាប់ពីថ្ងៃទី1 ខែកុម្ភៈ ឆ្នាំ2026 ដល់ថ្ងៃទី31 ខែធ្នូ ឆ្នាំ2026។', 'km, with an end');
SELECT is(pg_temp.said('km', '{"type": "weekdays", "days": [1, 7]}'), '0.5 x នៅម៉ោង 07:00 រៀងរាល់ថ្ងៃចន្ទ និង អាទិត្យ ចាប់ពីថ្ងៃទី1 ខែកុម្ភៈ ឆ្នាំ2026។', 'km, weekdays');

SELECT throws_ok($$ SELECT pg_temp.said('en', '{"type": "weekdays"}') $$, 'DT422', NULL, 'not a recurrence');
SELECT throws_ok($$ SELECT pg_temp.said('en', '{"type": "daily"}', '2026-02-02', '2026-02-01') $$, 'DT422', NULL, 'ends before it begins');
SELECT throws_ok($$ SELECT pg_temp.said('en', '{"type": "daily"}', '1999-12-31') $$, 'DT422', NULL, 'too long ago');
SELECT throws_ok($$ SELECT pg_temp.said('en', '{"type": "daily"}', '2026-02-02', '2200-01-02') $$, 'DT422', NULL, 'too far away');
SELECT is((SELECT count(DISTINCT schedule_sentence(l, r, '07:00', 1, NULL, '2026-01-01', NULL))::integer
             FROM unnest(ARRAY['km', 'en', 'fr']) l,
                  unnest(ARRAY['{"type": "daily"}', '{"type": "every_n_days", "n": 2}', '{"type": "weekdays", "days": [1]}', '{"type": "monthly", "days": [1]}',
                               '{"type": "cycle", "on": 1, "off": 1}']::jsonb[]) r), 15, 'each recurrence has words of its own in each language, also without a unit');

INSERT INTO users (id, email, first_name, last_name, role, onboarding_status, timezone) VALUES
    ('00000000-0000-7000-8000-00000000bb01', 'sentence-patient@example.org', 'P', 'P', 'patient', 'active', 'Pacific/Kiritimati');
\set who '\'00000000-0000-7000-8000-00000000bb01\''
SELECT is(patient_today(:who), (now() AT TIME ZONE 'Pacific/Kiritimati')::date, 'today is the patient''s');
SELECT is(dose_days(:who, NULL, NULL, 92), daterange(patient_today(:who), patient_today(:who) + 7), 'a week from today');
SELECT is(dose_days(:who, NULL, '2020-01-05', 92), daterange('2020-01-05', '2020-01-06'), 'only an end in the past: that day');
SELECT is(dose_days(:who, '2026-01-01', '2026-04-02', 92), daterange('2026-01-01', '2026-04-03'), 'as many days as may be');
SELECT throws_ok($$ SELECT dose_days('00000000-0000-7000-8000-00000000bb01', '2026-01-01', '2026-04-03', 92) $$, 'DT400', NULL, 'one day more');
SELECT throws_ok($$ SELECT dose_days('00000000-0000-7000-8000-00000000bb01', '2026-01-02', '2026-01-01', 92) $$, 'DT400', NULL, 'backwards');

SELECT is(adherence_streak(:who, '2026-01-31'), 0::bigint, 'no dose, no streak');
SELECT is(measure('dose_adherence_v1', 0, 0)::jsonb, '{"value": null, "formula": "dose_adherence_v1", "numerator": 0, "denominator": 0}', 'nothing counted: null');

SELECT * FROM finish();
ROLLBACK;
