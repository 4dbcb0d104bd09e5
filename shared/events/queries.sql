-- Idempotency keys: the answer is stored with its effect, in one transaction.

-- name: idempotency_begin
SELECT replay, status, headers, body FROM idempotency_begin(:key::text, :route::text, :request_hash::bytea)

-- name: idempotency_finish
SELECT idempotency_finish(:key::text, :status::int, :headers::jsonb, :body::text)
