-- From wall-clock times to instants: zones with and without summer time, recurrences, previews.
BEGIN;
SELECT plan(50);

-- Spring: a time the clocks jump over is the first instant after the gap. Autumn: a time that comes twice is the first of the two.
SELECT is(wall_to_instant(wall, zone), instant, zone || ' ' || wall) FROM (VALUES
    ('Asia/Phnom_Penh', timestamp '2026-03-08 02:30', timestamptz '2026-03-07 19:30Z'),
    ('America/New_York', '2026-03-08 01:59', '2026-03-08 06:59Z'),
    ('America/New_York', '2026-03-08 02:00', '2026-03-08 07:00Z'),
    ('America/New_York', '2026-03-08 02:30', '2026-03-08 07:00Z'),
    ('America/New_York', '2026-03-08 02:59', '2026-03-08 07:00Z'),
    ('America/New_York', '2026-03-08 03:00', '2026-03-08 07:00Z'),
    ('America/New_York', '2026-11-01 00:59', '2026-11-01 04:59Z'),
    ('America/New_York', '2026-11-01 01:00', '2026-11-01 05:00Z'),
    ('America/New_York', '2026-11-01 01:30', '2026-11-01 05:30Z'),
    ('America/New_York', '2026-11-01 02:00', '2026-11-01 07:00Z'),
    ('Europe/Paris', '2026-03-29 02:30', '2026-03-29 01:00Z'),
    ('Europe/Paris', '2026-10-25 02:30', '2026-10-25 00:30Z'),
    ('Europe/Paris', '2026-10-25 03:00', '2026-10-25 02:00Z'),
    ('Australia/Lord_Howe', '2026-10-04 02:15', '2026-10-03 15:30Z'),      -- jumps by half an hour
    ('Australia/Lord_Howe', '2026-04-05 01:45', '2026-04-04 14:45Z'),
    ('Pacific/Apia', '2011-12-30 08:00', '2011-12-30 10:00Z'),             -- a whole day that never was
    ('UTC', '2026-01-01 00:00', '2026-01-01 00:00Z')) AS t (zone, wall, instant);

-- A year of days in a zone: one instant each, in order, never twice.
SELECT is((SELECT count(DISTINCT i)::text || (SELECT bool_and(i > before) FROM (SELECT i, lag(i) OVER (ORDER BY d) AS before FROM
              (SELECT d, wall_to_instant(d + at, zone) AS i FROM generate_series('2026-01-01'::timestamp, '2026-12-31', '1 day') d) x) y)
             FROM (SELECT wall_to_instant(d + at, zone) AS i FROM generate_series('2026-01-01'::timestamp, '2026-12-31', '1 day') d) z), '365true', zone || ' at ' || at)
  FROM (VALUES ('America/New_York', time '02:30'), ('Europe/Paris', '02:00'), ('Australia/Lord_Howe', '01:45'), ('Asia/Phnom_Penh', '00:00')) AS t (zone, at);

SELECT is(recurrence_fault(r::jsonb), NULL, 'known: ' || r) FROM unnest(ARRAY[
    '{"type": "daily"}', '{"type": "every_n_days", "n": 2}', '{"type": "weekdays", "days": [1, 7]}', '{"type": "monthly", "days": [31]}', '{"type": "cycle", "on": 21, "off": 7}']) r;
SELECT isnt(recurrence_fault(r::jsonb), NULL, 'refused: ' || r) FROM unnest(ARRAY[
    'null', '[]', '"daily"', '{}', '{"type": "hourly"}', '{"type": "daily", "n": 1}', '{"type": "every_n_days"}', '{"type": "every_n_days", "n": 1}',
    '{"type": "every_n_days", "n": 2.5}', '{"type": "every_n_days", "n": "2"}', '{"type": "weekdays", "days": []}', '{"type": "weekdays", "days": [0]}',
    '{"type": "weekdays", "days": [8]}', '{"type": "weekdays", "days": 3}', '{"type": "monthly", "days": [32]}', '{"type": "monthly", "days": [null]}',
    '{"type": "cycle", "on": 0, "off": 1}']) r;

CREATE FUNCTION pg_temp.days(r text, start date, first date, last date) RETURNS text LANGUAGE sql
AS $$ SELECT string_agg(to_char(local_date, 'MM-DD'), ' ') FROM occurrences(r::jsonb, '08:00', start, NULL, 'UTC', first, last) $$;
SELECT is(pg_temp.days('{"type": "every_n_days", "n": 3}', '2026-01-01', '2026-01-03', '2026-01-11'), '01-04 01-07 01-10', 'every third day, counted from the start');
SELECT is(pg_temp.days('{"type": "weekdays", "days": [1, 5]}', '2026-01-01', '2026-01-01', '2026-01-12'), '01-02 01-05 01-09 01-12', 'Mondays and Fridays');
SELECT is(pg_temp.days('{"type": "monthly", "days": [31]}', '2026-01-01', '2026-01-01', '2026-04-30'), '01-31 03-31', 'a day that February lacks is left out');
SELECT is(pg_temp.days('{"type": "cycle", "on": 2, "off": 3}', '2026-01-01', '2026-01-01', '2026-01-08'), '01-01 01-02 01-06 01-07', 'two days on, three off');
SELECT is(pg_temp.days('{"type": "daily"}', '2026-01-05', '2026-01-01', '2026-01-06'), '01-05 01-06', 'nothing before the start');

SELECT throws_ok($$ SELECT * FROM plan_preview('{"type": "hourly"}', '08:00', '2026-01-01', NULL, 'UTC', 14) $$, 'DT422', NULL, 'a preview of nonsense');
SELECT is((SELECT count(*) || ' ' || min(due_at) FROM plan_preview('{"type": "daily"}', '08:00', '2026-01-01', '2026-01-10', 'Asia/Phnom_Penh', 14)), '10 2026-01-01 01:00:00+00',
          'a preview ends with the course');
SELECT * FROM finish();
ROLLBACK;
