-- enter(): who gets in, and what is set for the transaction.
BEGIN;
SELECT plan(14);
\ir include/people.psql
\set s '\'00000000-0000-7000-8000-0000000000e1\''
SELECT session_open(:patient, :s, sha256('a'), 'phone', 'ua', '10.0.0.1', '1 day', '30 days') \g /dev/null

CREATE FUNCTION pg_temp.knock(session uuid, who uuid, roles text[], active boolean) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.refused(format('SELECT enter(%L, %L, %L, %L, %L, %L)', session, who, roles, active, 'req-1', '10.0.0.1')) $$;

SELECT is(pg_temp.knock(uuid_v7(), :patient, NULL, true), 'DT401 auth.session_ended', 'an unknown session');
SELECT is(pg_temp.knock(:s, :other, NULL, true), 'DT401 auth.session_ended', 'another person''s session');
SELECT is(pg_temp.knock(NULL, :patient, NULL, true), 'DT401 auth.session_ended', 'no session');
SELECT is(pg_temp.knock(:s, :patient, '{doctor,admin}', true), 'DT403 auth.role_not_allowed', 'another role');
SELECT is(pg_temp.knock(:s, :patient, '{patient}', true), NULL, 'the right one');
SELECT is(pg_temp.knock(:s, :patient, '{}', true), NULL, 'any role');
SELECT is(app_user_id()::text || app_role() || app_session_id() || current_setting('app.request_id') || current_setting('app.ip'),
          :patient || 'patient' || :s || 'req-1' || '10.0.0.1', 'everything is set');
UPDATE users SET is_active = false WHERE id = :other;
SELECT session_open(:other, '00000000-0000-7000-8000-0000000000e2', sha256('b'), NULL, NULL, NULL, '1 day', '30 days') \g /dev/null
SELECT is(pg_temp.knock('00000000-0000-7000-8000-0000000000e2', :other, NULL, true), 'DT401 auth.session_ended', 'a closed account');
UPDATE user_sessions SET idle_expires_at = now() WHERE id = :s;
SELECT is(pg_temp.knock(:s, :patient, NULL, true), 'DT401 auth.session_ended', 'idle too long');
UPDATE user_sessions SET idle_expires_at = now() + interval '1 day', expires_at = now() WHERE id = :s;
SELECT is(pg_temp.knock(:s, :patient, NULL, true), 'DT401 auth.session_ended', 'past its longest life');
UPDATE user_sessions SET expires_at = now() + interval '1 day' WHERE id = :s;
SELECT session_revoke(:s, 'logout') \g /dev/null
SELECT is(pg_temp.knock(:s, :patient, NULL, true), 'DT401 auth.session_ended', 'signed out');

INSERT INTO users (id, email, first_name, last_name) VALUES ('00000000-0000-7000-8000-0000000000d1', 'new@people.test', 'N', 'N');
SELECT session_open('00000000-0000-7000-8000-0000000000d1', '00000000-0000-7000-8000-0000000000e3', sha256('c'), NULL, NULL, NULL, '1 day', '30 days') \g /dev/null
SELECT is(pg_temp.knock('00000000-0000-7000-8000-0000000000e3', '00000000-0000-7000-8000-0000000000d1', '{patient}', true), 'DT403 onboarding.incomplete', 'not set up yet');
SELECT is(pg_temp.knock('00000000-0000-7000-8000-0000000000e3', '00000000-0000-7000-8000-0000000000d1', NULL, false), NULL, 'but may go on setting up');
SELECT is(app_role(), NULL, 'without a role so far');
SELECT * FROM finish();
ROLLBACK;
