-- Rotation of refresh tokens: one child per parent, ten seconds' grace for the parent, the end for anything older. And throttling.
BEGIN;
SELECT plan(22);
\ir include/people.psql
\set s '\'00000000-0000-7000-8000-0000000000e1\''
SELECT session_open(:patient, :s, sha256('t0'), repeat('d', 300), repeat('u', 900), '10.0.0.1', '7 days', '30 days') \g /dev/null
CREATE FUNCTION pg_temp.turn(presented text, next text) RETURNS text LANGUAGE sql
AS $$ SELECT outcome || ' ' || generation FROM session_rotate('00000000-0000-7000-8000-0000000000e1', sha256(presented::bytea), sha256(next::bytea), '7 days') $$;

SELECT is((SELECT char_length(device_name) || ' ' || char_length(user_agent) FROM user_sessions WHERE id = :s), '100 512', 'long names are cut');
SELECT is(pg_temp.turn('t0', 't1'), 'rotated 1', 'a token gives its child');
SELECT is(pg_temp.turn('t0', 'tX'), 'same_child 1', 'the parent again: the same child');
SELECT is((SELECT refresh_token FROM user_sessions WHERE id = :s), sha256('t1'), 'no fork: the child stayed');
SELECT is(pg_temp.turn('t1', 't2'), 'rotated 2', 'the child goes on');
SELECT is(pg_temp.turn('t1', 'tX'), 'same_child 2', 'its parent again');
SAVEPOINT alive;
SELECT is(pg_temp.turn('t0', 'tX'), 'reused 2', 'the grandparent: somebody holds a copy');
SELECT is((SELECT revoked_reason FROM user_sessions WHERE id = :s), 'reuse', 'the session is over');
SELECT is(pg_temp.turn('t2', 't3'), 'ended 2', 'for the newest token too');
ROLLBACK TO alive;
UPDATE user_sessions SET rotated_at = clock_timestamp() - interval '11 seconds' WHERE id = :s;
SELECT is(pg_temp.turn('t1', 'tX'), 'reused 2', 'the parent after its grace');
ROLLBACK TO alive;
UPDATE user_sessions SET idle_expires_at = clock_timestamp() WHERE id = :s;
SELECT is(pg_temp.turn('t2', 't3'), 'ended 2', 'idle too long');
ROLLBACK TO alive;
UPDATE user_sessions SET expires_at = clock_timestamp() + interval '1 hour' WHERE id = :s;
SELECT is(pg_temp.turn('t2', 't3'), 'rotated 3', 'near its longest life');
SELECT ok((SELECT idle_expires_at = expires_at FROM user_sessions WHERE id = :s), 'idling does not go beyond it');
SELECT is((SELECT outcome FROM session_rotate(uuid_v7(), sha256('x'), sha256('y'), '1 day')), 'ended', 'an unknown session');
ROLLBACK TO alive;

SELECT ok(session_revoke(:s, 'logout'), 'ended once');
SELECT ok(NOT session_revoke(:s, 'logout'), 'not twice');
SELECT session_open(:patient, ('00000000-0000-7000-8000-0000000000e' || n)::uuid, sha256('a'), NULL, NULL, NULL, '7 days', '30 days') FROM generate_series(2, 4) n \g /dev/null
SELECT is(sessions_revoke_all(:patient, 'password_change', '00000000-0000-7000-8000-0000000000e3'), 2, 'all others end');
SELECT is((SELECT array_agg(id::text) FROM user_sessions WHERE user_id = :patient AND revoked_at IS NULL), ARRAY['00000000-0000-7000-8000-0000000000e3'], 'but this one');

SELECT is((SELECT max(throttle_failure('account', sha256('k'))) FROM generate_series(1, 4)), 0, 'four slips cost nothing');
SELECT is(throttle_failure('account', sha256('k')), 1, 'the fifth waits');
SELECT is((SELECT max(throttle_failure('account', sha256('k'))) FROM generate_series(1, 100)), 900, 'never longer than a quarter of an hour');
SELECT throttle_clear('account', sha256('k')) \g /dev/null
SELECT is(throttle_wait('account', sha256('k')), 0, 'a success forgets');
SELECT * FROM finish();
ROLLBACK;
