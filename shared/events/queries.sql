-- Idempotency keys: the answer is stored with its effect, in one transaction.

-- An answer that held a secret was sealed; JSON never begins with a backslash.
-- name: idempotency_begin
SELECT replay, status, headers, body, CASE WHEN starts_with(body, '\x') THEN body::bytea END AS sealed
FROM idempotency_begin(:key::text, :route::text, :request_hash::bytea)

-- name: idempotency_finish
SELECT idempotency_finish(:key::text, :status::int, :headers::jsonb, :body::text)
