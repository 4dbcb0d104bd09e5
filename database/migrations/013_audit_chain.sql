-- 013: the audit log as hash chains. Each row holds the hash of the row before it in its chain, so a changed or
-- removed row shows. 64 chains, so that connections seldom wait for each other's head; audit_heads holds the ends.

ALTER TABLE audit_logs
    ADD COLUMN chain     smallint NOT NULL,
    ADD COLUMN seq       bigint NOT NULL,
    ADD COLUMN prev_hash bytea NOT NULL,
    ADD COLUMN hash      bytea NOT NULL;
CREATE INDEX audit_logs_chain ON audit_logs (chain, seq);

CREATE TABLE audit_heads (
    chain smallint PRIMARY KEY,
    seq   bigint NOT NULL DEFAULT 0,
    hash  bytea NOT NULL,
    CONSTRAINT "audit.chain_range" CHECK (chain BETWEEN 0 AND 63)
) WITH (fillfactor = 10);        -- one hot row per page: updates stay in place
INSERT INTO audit_heads (chain, hash)
SELECT n, sha256(convert_to('dastern audit chain ' || n, 'UTF8')) FROM generate_series(0, 63) AS n;
