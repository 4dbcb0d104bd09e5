-- Transaction control, sent in the same pipelined batch as the work.

-- name: begin
BEGIN

-- name: commit
COMMIT

-- name: rollback
ROLLBACK

-- name: ping
SELECT 1 AS up
