-- From a schedule (wall time, recurrence, dates, IANA zone) to instants.

-- The instant of a wall-clock time. A time that the clocks jump over (spring) becomes the first instant after the gap; a time
-- that comes twice (autumn) means the first of the two. So each wall time gives exactly one instant, on its own day.
-- PostgreSQL itself reads a time in a gap with the offset before it, and a time that comes twice as the second.
CREATE OR REPLACE FUNCTION wall_to_instant(wall timestamp, zone text) RETURNS timestamptz
LANGUAGE plpgsql STABLE PARALLEL SAFE
AS $$
DECLARE
    instant timestamptz := wall AT TIME ZONE zone;
    jump interval := (instant AT TIME ZONE zone) - wall;
    earlier timestamptz;
    low timestamptz;
    middle timestamptz;
BEGIN
    IF jump = interval '0' THEN
        -- the same wall time read with the offset of the day before
        earlier := (wall AT TIME ZONE 'UTC') - (((instant - interval '1 day') AT TIME ZONE zone) - ((instant - interval '1 day') AT TIME ZONE 'UTC'));
        RETURN CASE WHEN earlier < instant AND earlier AT TIME ZONE zone = wall THEN earlier ELSE instant END;
    END IF;
    low := instant - jump;                       -- before the gap; `instant` is behind it: halve to its edge
    WHILE instant - low > interval '1 second' LOOP
        middle := date_trunc('second', low + (instant - low) / 2);
        IF (middle AT TIME ZONE zone) - (middle AT TIME ZONE 'UTC') = (low AT TIME ZONE zone) - (low AT TIME ZONE 'UTC') THEN
            low := middle;
        ELSE
            instant := middle;
        END IF;
    END LOOP;
    RETURN instant;
END $$;

-- What is wrong with a recurrence, NULL when nothing. Forms: {"type":"daily"} · {"type":"every_n_days","n":2..90} ·
-- {"type":"weekdays","days":[1..7, ISO]} · {"type":"monthly","days":[1..31]} · {"type":"cycle","on":1..365,"off":1..365}.
CREATE OR REPLACE FUNCTION recurrence_fault(r jsonb) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN r @? '$ ? (@.type == "daily")' AND r - 'type' = '{}' THEN NULL
        WHEN r @? '$ ? (@.type == "every_n_days" && @.n >= 2 && @.n <= 90 && @.n == @.n.floor())' AND r - '{type,n}'::text[] = '{}' THEN NULL
        WHEN r @? '$ ? (@.type == "cycle" && @.on >= 1 && @.on <= 365 && @.off >= 1 && @.off <= 365 && @.on == @.on.floor() && @.off == @.off.floor())'
             AND r - '{type,on,off}'::text[] = '{}' THEN NULL
        WHEN r @? '$ ? (@.type == "weekdays" || @.type == "monthly")' AND r - '{type,days}'::text[] = '{}'
             AND jsonb_typeof(r -> 'days') = 'array' AND jsonb_array_length(r -> 'days') BETWEEN 1 AND 31
             AND NOT r @? 'strict $.days[*] ? (@.type() != "number")'
             AND NOT r @? '$.days[*] ? (@ != @.floor() || @ < 1 || @ > 31)'
             AND (r ->> 'type' = 'monthly' OR NOT r @? '$.days[*] ? (@ > 7)') THEN NULL
        ELSE 'not a known recurrence'
    END
$$;

-- Does a course that began on `start` have a dose on `day`? A monthly day that a month lacks is left out.
CREATE OR REPLACE FUNCTION recurrence_on(r jsonb, start date, day date) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE r ->> 'type'
        WHEN 'daily'        THEN true
        WHEN 'every_n_days' THEN (day - start) % (r ->> 'n')::integer = 0
        WHEN 'cycle'        THEN (day - start) % ((r ->> 'on')::integer + (r ->> 'off')::integer) < (r ->> 'on')::integer
        WHEN 'weekdays'     THEN r -> 'days' @> to_jsonb(extract(isodow FROM day)::integer)
        WHEN 'monthly'      THEN r -> 'days' @> to_jsonb(extract(day FROM day)::integer)
        ELSE false
    END
$$;

-- The occurrences of a schedule between two local dates, both included.
CREATE OR REPLACE FUNCTION occurrences(recurrence jsonb, at_time time, start_date date, end_date date, zone text, first date, last date)
RETURNS TABLE (local_date date, due_at timestamptz)
LANGUAGE sql STABLE ROWS 14
AS $$
    SELECT d::date, wall_to_instant(d + at_time, zone)
      FROM generate_series(greatest(first, start_date)::timestamp, least(last, end_date)::timestamp, interval '1 day') AS d
     WHERE recurrence_on(recurrence, start_date, d::date)
$$;

-- What the next `days` days of a schedule would be; stores nothing.
CREATE OR REPLACE FUNCTION plan_preview(recurrence jsonb, scheduled_time time, start_date date, end_date date, timezone text, days integer)
RETURNS TABLE (local_date date, local_time time, due_at timestamptz)
LANGUAGE plpgsql STABLE
AS $$
#variable_conflict use_variable
BEGIN
    IF recurrence_fault(recurrence) IS NOT NULL THEN
        PERFORM refuse('DT422', 'reminder.recurrence', 'This is not a known recurrence.');
    END IF;
    RETURN QUERY SELECT o.local_date, scheduled_time, o.due_at
                   FROM occurrences(recurrence, scheduled_time, start_date, end_date, timezone, start_date, start_date + least(days, 366) - 1) AS o;
END $$;

-- The date in the time part of a version 7 id.
CREATE OR REPLACE FUNCTION uuid_date(id uuid) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT date '1970-01-01' + (('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 86400000)::integer
$$;

-- A version 7 id whose time part is the dose's local date and time, so that the id tells the partition.
CREATE OR REPLACE FUNCTION dose_uuid(day date, at_time time) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    SELECT (lpad(to_hex((extract(epoch FROM day + at_time) * 1000)::bigint), 12, '0') || '7' || substr(gen_random_uuid()::text, 16))::uuid
$$;
