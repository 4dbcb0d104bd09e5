-- 014: the first answer to a POST with an Idempotency-Key, written in the transaction of its effect.

CREATE TABLE idempotency_keys (
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    key          text NOT NULL,
    route        text NOT NULL,
    request_hash bytea NOT NULL,
    status       integer,
    headers      jsonb,
    body         text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '24 hours',
    PRIMARY KEY (user_id, key),
    CONSTRAINT "idempotency.key_form" CHECK (key ~ '^[\x21-\x7e]{1,128}$'),
    CONSTRAINT "idempotency.hash_is_sha256" CHECK (octet_length(request_hash) = 32)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
