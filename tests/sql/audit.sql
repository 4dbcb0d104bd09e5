-- The audit log: written by one function, changed by nobody, and a check that finds what was done to it.
BEGIN;
SELECT plan(15);
\ir include/people.psql
SELECT is((SELECT count(*)::integer FROM audit_verify()), 0, 'the log so far is whole');
SELECT is(pg_temp.run_as('dastern_reminders', :patient, format('SELECT audit(%L, %L, NULL, %L) IS NOT NULL', 'test.act', 'test', :patient)), 'true', 'a program writes a row');
SELECT audit('test.again', 'test', NULL, NULL, '{"n": 1}'), audit('test.third', 'test', NULL, NULL) \g /dev/null
SELECT is((SELECT user_id || ' ' || role FROM audit_logs WHERE action = 'test.act'), :patient || ' patient', 'with who it was');
SELECT is((SELECT count(*)::integer FROM audit_verify()), 0, 'still whole');
SELECT is(pg_temp.refused(q), 'DT409 audit_logs.append_only', q) FROM unnest(ARRAY['UPDATE audit_logs SET action = $$x$$', 'DELETE FROM audit_logs', 'TRUNCATE audit_logs']) q;
SELECT is(pg_temp.refused('DELETE FROM audit_heads'), 'DT409 audit_heads.append_only', 'the heads stay');
SELECT tableoid::regclass AS part FROM audit_logs WHERE action = 'test.act' \gset
SELECT is(pg_temp.refused(format('TRUNCATE %s', :'part')), 'DT409 audit_logs.append_only', 'a partition cannot be emptied either');

-- What a superuser can do, the check finds.
SET LOCAL session_replication_role = replica;
SAVEPOINT whole;
UPDATE audit_logs SET user_id = :other WHERE action = 'test.act';
SELECT is((SELECT fault || ' ' || (id = (SELECT id FROM audit_logs WHERE action = 'test.act')) FROM audit_verify()), 'row changed true', 'a changed row');
ROLLBACK TO whole;
UPDATE audit_logs SET detail = '{"n": 2}' WHERE action = 'test.again';
SELECT is((SELECT fault FROM audit_verify()), 'row changed', 'a changed detail');
ROLLBACK TO whole;
DELETE FROM audit_logs WHERE action = 'test.again';
SELECT is((SELECT fault FROM audit_verify()), 'row missing before', 'a row gone from the middle');
ROLLBACK TO whole;
DELETE FROM audit_logs WHERE action = 'test.third';
SELECT is((SELECT fault FROM audit_verify()), 'end missing', 'the last row gone');
ROLLBACK TO whole;
TRUNCATE audit_logs;
SELECT is((SELECT string_agg(DISTINCT fault, ' ') FROM audit_verify()), 'end missing', 'all of it gone');
ROLLBACK TO whole;
SELECT is((SELECT count(*)::integer FROM audit_verify()), 0, 'whole again');
SELECT * FROM finish();
ROLLBACK;
