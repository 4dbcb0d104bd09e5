-- The queue protocol: claim with a lease, finish fenced by (id, worker, attempt). The functions serve every queue table.

-- name: job_claim
SELECT id, kind, payload, attempt, max_attempts
FROM queue_claim(:queue::regclass, :worker::text, :lease_s::int, :kinds::text[])

-- name: job_done
SELECT queue_done(:queue::regclass, :id::uuid, :worker::text, :attempt::int) AS held

-- name: job_fail
SELECT queue_fail(:queue::regclass, :id::uuid, :worker::text, :attempt::int, :error::text, :retryable::boolean) AS status

-- name: job_progress
SELECT queue_progress(:queue::regclass, :id::uuid, :worker::text, :attempt::int, :stage::text, :percent::int) AS held,
       queue_extend(:queue::regclass, :id::uuid, :worker::text, :attempt::int, :lease_s::int) AS extended
