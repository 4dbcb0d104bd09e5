-- What a device did to doses while it was offline, told later.

-- One event, by the same functions as the single operations. NULL members are absent ones.
CREATE OR REPLACE FUNCTION dose_event_apply(e jsonb) RETURNS dose_card
LANGUAGE plpgsql
AS $$
DECLARE
    event text := e ->> 'event';
    told uuid := e ->> 'client_event_id';
    dose uuid := e ->> 'dose_id';
    card dose_card;
BEGIN
    IF (event = 'log') <> (e ? 'medication_id') OR (event = 'log') = (e ? 'dose_id') OR (event = 'snooze') <> (e ? 'minutes') THEN
        PERFORM refuse('DT422', 'dose.event_incomplete', 'Name the dose, or the medicine for a dose taken as needed; and the minutes of a snooze.');
    END IF;
    CASE event
        WHEN 'take' THEN SELECT * INTO card FROM dose_take(dose, (e ->> 'taken_at')::timestamptz, (e ->> 'dose_taken')::numeric, e ->> 'notes', told);
        WHEN 'skip' THEN SELECT * INTO card FROM dose_skip(dose, e ->> 'reason', told);
        WHEN 'snooze' THEN SELECT * INTO card FROM dose_snooze(dose, (e ->> 'minutes')::integer, told);
        WHEN 'undo' THEN SELECT * INTO card FROM dose_undo(dose, told);
        WHEN 'log' THEN SELECT * INTO card FROM dose_log((e ->> 'medication_id')::uuid, (e ->> 'taken_at')::timestamptz,
                                                         (e ->> 'dose_taken')::numeric, e ->> 'notes', told);
    END CASE;
    RETURN card;
END $$;

-- Has this caller told this event before?
CREATE OR REPLACE FUNCTION dose_event_told(client_event uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$ SELECT EXISTS (SELECT FROM dose_events e WHERE e.client_event_id = client_event AND e.actor_id = app_user_id()) $$;

-- One event and its receipt. Each has a sub-transaction of its own: a refused one leaves no trace and holds up no other.
CREATE OR REPLACE FUNCTION dose_sync_one(e jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    told_before boolean := dose_event_told((e ->> 'client_event_id')::uuid);
    card dose_card;
    state text;
    refusal text;
    detail text;
BEGIN
    card := dose_event_apply(e);
    RETURN jsonb_build_object('client_event_id', e -> 'client_event_id', 'result', CASE WHEN told_before THEN 'duplicate' ELSE 'applied' END,
                              'dose_id', card.id, 'status', card.status, 'code', NULL);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, refusal = CONSTRAINT_NAME, detail = PG_EXCEPTION_DETAIL;
    IF state !~ '^(DT4|23)' THEN
        RAISE;                                 -- ours, or the connection's: the whole request fails and can be told again
    END IF;
    RETURN jsonb_build_object('client_event_id', e -> 'client_event_id', 'result', 'refused', 'dose_id', e -> 'dose_id',
                              'status', CASE WHEN state LIKE 'DT%' AND detail LIKE '{%' THEN detail::jsonb -> 'current_status' END, 'code', refusal);
END $$;

-- The receipts of up to 100 events, in their order.
CREATE OR REPLACE FUNCTION dose_sync(events jsonb) RETURNS jsonb
LANGUAGE plpgsql
AS $$
DECLARE
    e jsonb;
    receipts jsonb := '[]';
BEGIN
    FOR e IN SELECT jsonb_array_elements(events) LOOP
        receipts := receipts || jsonb_build_array(dose_sync_one(e));
    END LOOP;
    RETURN receipts;
END $$;
