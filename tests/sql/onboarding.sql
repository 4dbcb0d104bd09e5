-- Onboarding goes forward, a role is chosen once, administrators are made by administrators only.
BEGIN;
SELECT plan(11);
\ir include/people.psql
INSERT INTO users (id, email, first_name, last_name) VALUES ('00000000-0000-7000-8000-0000000000d1', 'new@people.test', 'N', 'N');
CREATE FUNCTION pg_temp.auth(assignments text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.refusal('dastern_auth', NULL, format('UPDATE users SET %s WHERE email = %L', assignments, 'new@people.test')) $$;

SELECT is(pg_temp.auth($$role = 'admin', onboarding_status = 'role_selected'$$), 'DT403 onboarding.admin_granted', 'nobody makes himself an administrator');
SELECT is(pg_temp.refusal('dastern_auth', NULL, $$INSERT INTO users (email, first_name, last_name, role, onboarding_status) VALUES ('x@people.test', 'x', 'x', 'admin', 'active')$$),
          'DT403 onboarding.admin_granted', 'nor registers as one');
SELECT is(pg_temp.auth($$onboarding_status = 'active'$$), '23514 onboarding.role_with_status', 'not active without a role');
SELECT is(pg_temp.auth($$role = 'patient', onboarding_status = 'role_selected'$$), NULL, 'a role is chosen');
SELECT is(pg_temp.auth($$role = 'doctor'$$), 'DT409 onboarding.role_once', 'once');
SELECT is(pg_temp.auth($$onboarding_status = 'pending', role = NULL$$), 'DT409 onboarding.forward_only', 'no way back');
SELECT is(pg_temp.auth($$onboarding_status = 'active'$$), NULL, 'forward');
SELECT is(pg_temp.auth($$onboarding_status = 'profile_pending'$$), 'DT409 onboarding.forward_only', 'never back');
SELECT is(next_step('pending') || next_step('role_selected') || coalesce(next_step('active'), '-'), 'select_rolecomplete_profile-', 'what comes next');

-- Closing an account ends its sessions at once.
SELECT session_open(:patient, '00000000-0000-7000-8000-0000000000e1', sha256('a'), NULL, NULL, NULL, '1 day', '30 days') \g /dev/null
UPDATE users SET is_active = false WHERE id = :patient;
SELECT is((SELECT revoked_reason FROM user_sessions WHERE id = '00000000-0000-7000-8000-0000000000e1'), 'deactivated', 'sessions of a closed account are over');
SELECT is(pg_temp.refused(format('SELECT act_as(%L)', :patient)), 'DT404 not_found', 'nothing acts for it');
SELECT * FROM finish();
ROLLBACK;
