-- One life of a job for the three queues (prescription_processing_queue, outbox, jobs): claim with a lease, extend, finish, retry,
-- dead letter. Run with the caller's rights, so a worker reaches only the queue it is granted.
-- A job is fenced by (id, worker, attempt): whoever lost the lease gets false and must drop its result.

CREATE OR REPLACE FUNCTION queue_announce() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF NEW.status = 'queued' AND NEW.run_after <= now() THEN
        PERFORM pg_notify(TG_TABLE_NAME, NEW.kind);
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    q text;
BEGIN
    FOREACH q IN ARRAY ARRAY['prescription_processing_queue', 'outbox', 'jobs'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER announce AFTER INSERT OR UPDATE OF status ON %I FOR EACH ROW EXECUTE FUNCTION queue_announce()', q);
    END LOOP;
END $$;

-- A lease that ran out: back to the queue, or to the dead letter when that was the last attempt. The attempt was counted
-- when it was claimed, so a job that kills its worker gets there too.
CREATE OR REPLACE FUNCTION queue_rescue(queue regclass) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE format($q$
        UPDATE %1$s SET status = CASE WHEN attempts < max_attempts THEN 'queued' ELSE 'dead' END,
               completed_at = CASE WHEN attempts >= max_attempts THEN now() END,
               locked_by = NULL, locked_until = NULL, last_error = 'the worker did not come back'
         WHERE id IN (SELECT id FROM %1$s WHERE status = 'running' AND locked_until < now() FOR UPDATE SKIP LOCKED)$q$, queue);
END $$;

-- The next job, or no row. `kinds` NULL: any.
CREATE OR REPLACE FUNCTION queue_claim(queue regclass, worker text, lease_seconds integer, kinds text[] DEFAULT NULL)
RETURNS TABLE (id uuid, kind text, payload jsonb, attempt integer, max_attempts integer)
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM queue_rescue(queue);
    RETURN QUERY EXECUTE format($q$
        UPDATE %1$s q SET status = 'running', attempts = q.attempts + 1, locked_by = $1,
               locked_until = now() + $2 * interval '1 second', started_at = now()
         WHERE q.id = (SELECT c.id FROM %1$s c
                        WHERE c.status = 'queued' AND c.run_after <= now() AND ($3 IS NULL OR c.kind = ANY ($3))
                        ORDER BY c.priority DESC, c.run_after LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING q.id, q.kind, q.payload, q.attempts, q.max_attempts$q$, queue)
    USING worker, lease_seconds, kinds;
END $$;

-- The rest act on one claimed job and tell whether the caller still held it.
CREATE OR REPLACE FUNCTION queue_touch(queue regclass, id uuid, worker text, attempt integer, assignments text, VARIADIC args text[] DEFAULT '{}')
RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    held integer;
BEGIN
    EXECUTE format('UPDATE %s SET %s WHERE id = $1 AND status = ''running'' AND locked_by = $2 AND attempts = $3', queue, assignments)
    USING id, worker, attempt, args;
    GET DIAGNOSTICS held = ROW_COUNT;
    RETURN held = 1;
END $$;

CREATE OR REPLACE FUNCTION queue_extend(queue regclass, id uuid, worker text, attempt integer, lease_seconds integer) RETURNS boolean
LANGUAGE sql
AS $$
    SELECT queue_touch(queue, id, worker, attempt, 'locked_until = now() + $4[1]::integer * interval ''1 second''', lease_seconds::text)
$$;

CREATE OR REPLACE FUNCTION queue_progress(queue regclass, id uuid, worker text, attempt integer, stage text, progress integer) RETURNS boolean
LANGUAGE sql
AS $$
    SELECT queue_touch(queue, id, worker, attempt, 'stage = $4[1], progress = $4[2]::integer', stage, progress::text)
$$;

CREATE OR REPLACE FUNCTION queue_done(queue regclass, id uuid, worker text, attempt integer) RETURNS boolean
LANGUAGE sql
AS $$
    SELECT queue_touch(queue, id, worker, attempt,
        'status = ''done'', progress = 100, completed_at = now(), locked_by = NULL, locked_until = NULL, last_error = NULL')
$$;

-- 'queued' (again, after 5 s doubling to an hour, each with its own jitter), 'dead', or NULL when the lease was lost.
CREATE OR REPLACE FUNCTION queue_fail(queue regclass, id uuid, worker text, attempt integer, error text, retryable boolean) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    outcome text;
BEGIN
    EXECUTE format($q$
        UPDATE %s SET status = CASE WHEN $5 AND attempts < max_attempts THEN 'queued' ELSE 'dead' END,
               completed_at = CASE WHEN NOT ($5 AND attempts < max_attempts) THEN now() END,
               run_after = now() + least(3600, 5 * 2 ^ (attempts - 1)) * (0.5 + random()) * interval '1 second',
               locked_by = NULL, locked_until = NULL, last_error = left($4, 1000)
         WHERE id = $1 AND status = 'running' AND locked_by = $2 AND attempts = $3 RETURNING status$q$, queue)
    INTO outcome USING id, worker, attempt, error, retryable;
    RETURN outcome;
END $$;

-- A dead letter gets a fresh set of attempts.
CREATE OR REPLACE FUNCTION queue_retry(queue regclass, id uuid) RETURNS boolean
LANGUAGE plpgsql
AS $$
DECLARE
    found_dead integer;
BEGIN
    EXECUTE format('UPDATE %s SET status = ''queued'', attempts = 0, run_after = now(), completed_at = NULL, progress = 0 WHERE id = $1 AND status = ''dead''', queue)
    USING id;
    GET DIAGNOSTICS found_dead = ROW_COUNT;
    RETURN found_dead = 1;
END $$;

-- For metrics: how much waits, runs or died, and how old the oldest is.
CREATE OR REPLACE FUNCTION queue_depths() RETURNS TABLE (queue text, status text, count bigint, oldest_seconds double precision)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT q.queue, q.status, count(*), extract(epoch FROM now() - min(q.since))::double precision
      FROM (SELECT 'prescription_processing_queue' AS queue, status, created_at AS since FROM prescription_processing_queue WHERE status <> 'done'
            UNION ALL SELECT 'outbox', status, created_at FROM outbox WHERE status <> 'done'
            UNION ALL SELECT 'jobs', status, created_at FROM jobs WHERE status <> 'done') AS q
     GROUP BY q.queue, q.status
$$;

-- A secret that was to be delivered does not outlive its delivery.
CREATE OR REPLACE FUNCTION outbox_wipe() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.sealed := NULL;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER wipe BEFORE UPDATE OF status ON outbox FOR EACH ROW
    WHEN (NEW.status IN ('done', 'dead') AND NEW.sealed IS NOT NULL) EXECUTE FUNCTION outbox_wipe();
