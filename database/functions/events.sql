-- Notices and what must leave the house, and the kept answers of repeated requests: rows of the request's own transaction.

-- Fills the {placeholders} of a text from the notice's data.
CREATE OR REPLACE FUNCTION notice_text(template text, data jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE
AS $$
DECLARE
    pair record;
BEGIN
    FOR pair IN SELECT * FROM jsonb_each_text(data) LOOP
        template := replace(template, '{' || pair.key || '}', coalesce(pair.value, ''));
    END LOOP;
    RETURN template;
END $$;

-- Which channels a person wants a kind of notice by: the kind's default unless the person said otherwise.
CREATE OR REPLACE FUNCTION notice_channels(user_id uuid, type text) RETURNS SETOF text
LANGUAGE sql STABLE ROWS 2
AS $$
    SELECT c.channel
      FROM notification_types t
     CROSS JOIN LATERAL (VALUES ('in_app', t.in_app), ('email', t.email), ('push', t.push)) AS c (channel, wanted)
      LEFT JOIN notification_preferences p ON p.user_id = notice_channels.user_id AND p.type = t.type AND p.channel = c.channel
     WHERE t.type = notice_channels.type AND coalesce(p.enabled, c.wanted)
$$;

-- Writes a notice to each user: the row people read, in their language, and a delivery per channel they want.
-- A dedupe key that was seen before drops its notice. The three arrays run in step. Returns how many were written. The row in the app goes
-- before all e-mails, which may each wait half a minute for a mail server that does not answer: a dose is due now.
CREATE OR REPLACE FUNCTION notify_many(users uuid[], type text, data jsonb[], dedupe_keys text[]) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH item AS MATERIALIZED (
        SELECT uuid_v7() AS id, u.id AS user_id, i.data, i.dedupe_key, u.email_verified,
               t.title ->> u.language AS title, notice_text(t.message ->> u.language, i.data) AS message
          FROM unnest(notify_many.users, notify_many.data, notify_many.dedupe_keys) AS i (user_id, data, dedupe_key)
          JOIN users u ON u.id = i.user_id AND u.is_active
          LEFT JOIN notification_types t ON t.type = notify_many.type        -- a type there is not fails on its missing title
    ), first_seen AS (
        INSERT INTO outbox (kind, user_id, dedupe_key, priority, payload, status, completed_at)
        SELECT 'in_app', i.user_id, i.dedupe_key, 20,
               jsonb_build_object('notification_id', i.id, 'created_at', now(), 'user_id', i.user_id, 'type', notify_many.type),
               CASE WHEN wanted THEN 'queued' ELSE 'done' END, CASE WHEN NOT wanted THEN now() END
          FROM (SELECT *, 'in_app' IN (SELECT notice_channels(item.user_id, notify_many.type)) AS wanted FROM item) AS i
        ON CONFLICT (kind, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
        RETURNING (payload ->> 'notification_id')::uuid AS id, payload
    ), kept AS (
        INSERT INTO notifications (id, user_id, type, title, message, data)
        SELECT i.id, i.user_id, notify_many.type, i.title, i.message, i.data FROM item i JOIN first_seen USING (id)
    ), sent AS (
        INSERT INTO outbox (kind, user_id, dedupe_key, payload)
        SELECT c, i.user_id, i.dedupe_key, f.payload
          FROM item i JOIN first_seen f USING (id) CROSS JOIN LATERAL notice_channels(i.user_id, notify_many.type) AS c
         WHERE c = 'push' OR c = 'email' AND i.email_verified
        ON CONFLICT (kind, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING
    )
    SELECT count(*)::integer FROM first_seen
$$;

-- False when the key was seen before (or the account is closed).
CREATE OR REPLACE FUNCTION notify_user(user_id uuid, type text, data jsonb, dedupe_key text DEFAULT NULL) RETURNS boolean
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT notify_many(ARRAY[user_id], type, ARRAY[data], ARRAY[dedupe_key]) > 0
$$;

-- A notice's place in its reader's stream, delivered_at: later than that of every notice of the same person that was placed before, and
-- places appear in their order. The lock is held until the transaction's end is visible to all, so a place is only ever chosen after the
-- one before it can be seen: whoever sees a place has seen, or can see, all that are lower, however long a commit takes and however many
-- workers deliver. A reader who goes on behind the last one he saw misses none. A clock that was set back does not matter either. The
-- second query has a snapshot of its own, taken with the lock in hand (READ COMMITTED).
CREATE OR REPLACE FUNCTION notification_place() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('notifications of ' || NEW.user_id, 0));
    NEW.delivered_at := greatest(clock_timestamp(), notification_last_place(NEW.user_id) + interval '1 microsecond');
    RETURN NEW;
END $$;

-- The highest place that a person's notices have; NULL when nothing of the last two weeks was delivered. Twice as far back as the
-- stream looks for undelivered ones, so that what it may still tell from its start is above all it may not.
CREATE OR REPLACE FUNCTION notification_last_place(reader uuid) RETURNS timestamptz
LANGUAGE sql VOLATILE
AS $$
    SELECT max(n.delivered_at) FROM notifications n WHERE n.user_id = reader AND n.created_at > now() - interval '14 days'
$$;

CREATE OR REPLACE TRIGGER place BEFORE UPDATE OF delivered_at ON notifications FOR EACH ROW
    WHEN (OLD.delivered_at IS NULL AND NEW.delivered_at IS NOT NULL) EXECUTE FUNCTION notification_place();

-- Was the caller, as a relative or a doctor, given other rights since then, or have they run out?
CREATE OR REPLACE FUNCTION rights_changed_since(at timestamptz) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT EXISTS (SELECT FROM family_relationships f WHERE f.family_member_id = app_user_id()
                      AND (f.updated_at >= at AND f.updated_at > f.created_at OR f.expires_at >= at AND f.expires_at <= now()))
        OR EXISTS (SELECT FROM doctor_patient_relationships d WHERE d.doctor_id = app_user_id()
                      AND d.updated_at >= at AND d.updated_at > d.created_at)
        OR EXISTS (SELECT FROM doctor_profiles p WHERE p.user_id = app_user_id() AND p.updated_at >= at AND p.updated_at > p.created_at)
$$;

-- Takes the key for this transaction. A row that is already answered is to be replayed; a twin still at work is refused, and so
-- is the same key with another request. After the work, idempotency_finish keeps the answer in the same transaction; a request
-- that fails rolls the key back with everything else. A kept answer may tell of a patient: it is not told again after the rights under
-- which it was given have changed.
CREATE OR REPLACE FUNCTION idempotency_begin(key text, route text, request_hash bytea)
RETURNS TABLE (replay boolean, status integer, headers jsonb, body text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    seen idempotency_keys;
BEGIN
    IF NOT pg_try_advisory_xact_lock(hashtextextended(app_user_id()::text || idempotency_begin.key, 0)) THEN
        PERFORM refuse('DT409', 'idempotency.in_progress', 'The first request with this key is still being served.');
    END IF;
    INSERT INTO idempotency_keys AS k (user_id, key, route, request_hash)
    VALUES (app_user_id(), idempotency_begin.key, idempotency_begin.route, idempotency_begin.request_hash)
    ON CONFLICT (user_id, key) DO UPDATE SET route = excluded.route, request_hash = excluded.request_hash, status = NULL,
           headers = NULL, body = NULL, created_at = now(), expires_at = excluded.expires_at
     WHERE k.expires_at <= now();
    IF FOUND THEN
        RETURN QUERY SELECT false, NULL::integer, NULL::jsonb, NULL::text;
        RETURN;
    END IF;
    SELECT * INTO seen FROM idempotency_keys k WHERE k.user_id = app_user_id() AND k.key = idempotency_begin.key;
    IF (seen.route, seen.request_hash) IS DISTINCT FROM (idempotency_begin.route, idempotency_begin.request_hash) THEN
        PERFORM refuse('DT422', 'idempotency.mismatch', 'This key was used for another request.');
    END IF;
    IF rights_changed_since(seen.created_at) THEN
        PERFORM refuse_not_found();
    END IF;
    RETURN QUERY SELECT true, seen.status, seen.headers, seen.body;
END $$;

CREATE OR REPLACE FUNCTION idempotency_finish(key text, status integer, headers jsonb, body text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE idempotency_keys k
       SET status = idempotency_finish.status, headers = idempotency_finish.headers, body = idempotency_finish.body
     WHERE k.user_id = app_user_id() AND k.key = idempotency_finish.key;
END $$;
