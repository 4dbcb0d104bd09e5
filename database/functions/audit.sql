-- The audit log: one way in, no way to change, and a check of the chains.

-- What a row's hash covers. Times as microseconds, so that neither zone nor date style of a session matters.
CREATE OR REPLACE FUNCTION audit_row_hash(r audit_logs) RETURNS bytea
LANGUAGE sql STABLE
AS $$
    SELECT sha256(r.prev_hash || convert_to(jsonb_build_array(r.chain, r.seq, r.id, (extract(epoch FROM r.created_at) * 1000000)::bigint,
        r.user_id, r.role, r.action, r.resource_type, r.resource_id, r.patient_id, r.session_id, r.request_id, r.ip, r.detail)::text, 'UTF8'))
$$;

-- Writes one row in the caller's transaction. The chain's head stays locked until the transaction ends, so call this last.
CREATE OR REPLACE FUNCTION audit(action text, resource_type text, resource_id uuid, patient_id uuid, detail jsonb DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    r audit_logs;
BEGIN
    r := ROW(uuid_v7(), app_user_id(), app_role(), audit.action, audit.resource_type, audit.resource_id, audit.patient_id, app_session_id(),
             nullif(current_setting('app.request_id', true), ''), nullif(current_setting('app.ip', true), ''),
             coalesce(audit.detail, '{}'), now(), pg_backend_pid() % 64, 0, NULL, NULL);
    SELECT seq + 1, hash INTO r.seq, r.prev_hash FROM audit_heads WHERE chain = r.chain FOR UPDATE;
    r.hash := audit_row_hash(r);
    WITH head AS (UPDATE audit_heads SET seq = r.seq, hash = r.hash WHERE chain = r.chain)
    INSERT INTO audit_logs VALUES (r.*);
END $$;

CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    -- The one exception: account_erase() takes a person's own dose events along. The audit log stays.
    IF TG_OP = 'DELETE' AND TG_TABLE_NAME = 'dose_events' AND is_erasing((to_jsonb(OLD) ->> 'patient_id')::uuid) THEN
        RETURN OLD;
    END IF;
    PERFORM refuse('DT409', regexp_replace(TG_TABLE_NAME, '_(p\d{4}_\d\d|default)$', '') || '.append_only', 'What is recorded here stays.');
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER append_only BEFORE UPDATE OR DELETE ON audit_logs FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER append_only_truncate BEFORE TRUNCATE ON audit_logs FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER heads_stay BEFORE DELETE ON audit_heads FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE OR REPLACE TRIGGER heads_stay_truncate BEFORE TRUNCATE ON audit_heads FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- TRUNCATE triggers do not reach down to partitions by themselves; make_partitions gives new ones theirs.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid FROM pg_inherits WHERE inhparent = 'audit_logs'::regclass LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
    END LOOP;
END $$;

-- The first fault of each chain: a changed row, a gap, or an end that differs from the head. No rows: all is well.
-- Compare audit_heads with a copy kept outside the database to see a tail that was cut together with its head.
CREATE OR REPLACE FUNCTION audit_verify() RETURNS TABLE (chain smallint, seq bigint, id uuid, fault text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    WITH linked AS (
        SELECT a.chain, a.seq, a.id, a.hash = audit_row_hash(a) AS intact,
               a.prev_hash = lag(a.hash, 1, sha256(convert_to('dastern audit chain ' || a.chain, 'UTF8'))) OVER w AS joined,
               a.seq = lag(a.seq, 1, 0::bigint) OVER w + 1 AS counted
          FROM audit_logs a WINDOW w AS (PARTITION BY a.chain ORDER BY a.seq)
    ), faults AS (
        SELECT l.chain, l.seq, l.id, CASE WHEN NOT intact THEN 'row changed' WHEN NOT counted THEN 'row missing before' ELSE 'not joined' END AS fault
          FROM linked l WHERE NOT (intact AND joined AND counted)
        UNION ALL
        SELECT h.chain, h.seq, NULL, 'end missing'
          FROM audit_heads h
         WHERE h.seq > 0 AND NOT EXISTS (SELECT FROM audit_logs a WHERE a.chain = h.chain AND a.seq = h.seq AND a.hash = h.hash)
    )
    SELECT DISTINCT ON (f.chain) f.* FROM faults f ORDER BY f.chain, f.seq
$$;
