-- One job's life: claimed once, fenced by worker and attempt, retried with a pause, dead after its attempts.
BEGIN;
SELECT plan(27);
\ir include/people.psql
DELETE FROM outbox;
CREATE FUNCTION pg_temp.claim(worker text, kinds text DEFAULT NULL) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.run_as('dastern_delivery_worker', NULL, format('SELECT kind || attempt FROM queue_claim(%L, %L, 30, %L)', 'outbox', worker, kinds)) $$;
CREATE FUNCTION pg_temp.q(call text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.run_as('dastern_delivery_worker', NULL, 'SELECT queue_' || call) $$;
\set a '\'00000000-0000-7000-8000-0000000006c1\''
\set b '\'00000000-0000-7000-8000-0000000006c2\''

SELECT is(pg_temp.claim('w1'), NULL, 'an empty queue');
INSERT INTO outbox (id, kind, max_attempts, sealed, run_after) VALUES (:a, 'email', 2, 'secret', now() + interval '1 hour');
INSERT INTO outbox (id, kind, priority) VALUES (:b, 'push', 0);
SELECT is(pg_temp.claim('w1', '{email}'), NULL, 'nothing of that kind is due');
UPDATE outbox SET run_after = now(), priority = 5 WHERE id = :a;
SELECT is(pg_temp.claim('w1'), 'email1', 'the more urgent first');
SELECT is(pg_temp.claim('w2'), 'push1', 'then the other');
SELECT is(pg_temp.claim('w3'), NULL, 'each once');
SELECT is(pg_temp.q(format('done(%L, %L, %L, 1)', 'outbox', :a, 'w2')), 'false', 'another worker does not finish it');
SELECT is(pg_temp.q(format('done(%L, %L, %L, 2)', 'outbox', :a, 'w1')), 'false', 'nor another attempt');
SELECT is(pg_temp.q(format('progress(%L, %L, %L, 1, %L, 40)', 'outbox', :a, 'w1', 'sending')), 'true', 'progress');
SELECT is(pg_temp.q(format('extend(%L, %L, %L, 1, 90)', 'outbox', :a, 'w1')), 'true', 'a longer lease');
SELECT is((SELECT concat_ws(' ', stage, progress, locked_until > now() + interval '80 seconds') FROM outbox WHERE id = :a), 'sending 40 t', 'all noted');

-- The lease runs out: rescued, counted, and dead after the last attempt.
UPDATE outbox SET locked_until = now() - interval '1 second' WHERE id = :a;
SELECT is(pg_temp.claim('w3'), 'email2', 'a lost job is claimed anew');
SELECT is(pg_temp.q(format('done(%L, %L, %L, 1)', 'outbox', :a, 'w1')), 'false', 'who lost it is fenced off');
SELECT is(pg_temp.q(format('extend(%L, %L, %L, 1, 90)', 'outbox', :a, 'w1')), 'false', 'for good');
UPDATE outbox SET locked_until = now() - interval '1 second' WHERE id = :a;
SELECT is(pg_temp.claim('w4'), NULL, 'a job that kills its workers');
SELECT is((SELECT status || ' ' || attempts || ' ' || (completed_at IS NOT NULL) || ' ' || (sealed IS NULL) FROM outbox WHERE id = :a), 'dead 2 true true', 'is dead, its secret wiped');
SELECT is(pg_temp.refusal('dastern_delivery_worker', NULL, format('SELECT queue_retry(%L, %L)', 'outbox', :a)), '42501', 'a worker does not raise it');
SELECT act_as('00000000-0000-7000-8000-00000000a005') \g /dev/null
SELECT is(pg_temp.run_as('dastern_admin', '00000000-0000-7000-8000-00000000a005', format('SELECT queue_retry(%L, %L)', 'outbox', :a)), 'true', 'an admin does');
SELECT is((SELECT status || ' ' || attempts FROM outbox WHERE id = :a), 'queued 0', 'with a fresh set of attempts');

-- Failing politely.
SELECT is(pg_temp.q(format('fail(%L, %L, %L, 1, %L, true)', 'outbox', :b, 'w9', 'x')), NULL, 'only by who holds it');
SELECT is(pg_temp.q(format('fail(%L, %L, %L, 1, %L, true)', 'outbox', :b, 'w2', repeat('e', 5000))), 'queued', 'back to the queue');
SELECT is((SELECT concat_ws(' ', run_after > now(), run_after < now() + interval '8 seconds', char_length(last_error), locked_by IS NULL) FROM outbox WHERE id = :b), 't t 1000 t', 'after a pause');
UPDATE outbox SET run_after = now() WHERE id = :b;
SELECT is(pg_temp.claim('w5', '{push}'), 'push2', 'then again');
SELECT is(pg_temp.q(format('fail(%L, %L, %L, 2, %L, false)', 'outbox', :b, 'w5', 'no such address')), 'dead', 'or never again');
SELECT is((SELECT string_agg(queue || ':' || status || ':' || count, ' ' ORDER BY status) FROM queue_depths() WHERE queue = 'outbox'), 'outbox:dead:1 outbox:queued:1', 'seen from outside');

SELECT is(pg_temp.refusal('dastern_delivery_worker', NULL, $$SELECT * FROM queue_claim('jobs', 'w', 30)$$), '42501', 'a worker reaches its own queue only');
SELECT is(pg_temp.refused($$INSERT INTO outbox (kind) VALUES ('pigeon')$$), '23514 outbox.kind', 'no pigeons');
SELECT is(pg_temp.refused(format($$UPDATE outbox SET status = 'running' WHERE id = %L$$, :a)), '23514 queue.lease', 'running takes a lease');
SELECT * FROM finish();
ROLLBACK;
