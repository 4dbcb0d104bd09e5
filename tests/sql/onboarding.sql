-- Onboarding goes forward, a role is chosen once, administrators are made by administrators only.
BEGIN;
SELECT plan(20);
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

-- Begun and not whole: it rests, and what is missing is named.
INSERT INTO users (id, email, first_name, last_name, role, onboarding_status)
VALUES ('00000000-0000-7000-8000-0000000000d2', 'begun@people.test', 'N', 'N', 'doctor', 'role_selected');
\set begun '\'00000000-0000-7000-8000-0000000000d2\''
CREATE FUNCTION pg_temp.give(changes jsonb) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.refusal('dastern_auth', '00000000-0000-7000-8000-0000000000d2', format('SELECT account_profile_change(%L, NULL)', changes)) $$;
SELECT is(onboarding_wants(:begun) - 'fields', '{"next_step": "complete_profile", "required": ["license_number", "specialization", "hospital_name", "years_of_experience"]}'::jsonb, 'everything is missing');
SELECT is(pg_temp.give('{"hospital_name": "H", "specialization": "S"}'), NULL, 'a part is given');
SELECT is((SELECT onboarding_status FROM users WHERE id = :begun), 'profile_pending', 'it rests');
SELECT is(onboarding_wants(:begun), '{"next_step": "complete_profile", "fields": ["license_number", "years_of_experience"], "required": ["license_number", "years_of_experience"]}'::jsonb, 'the rest is named');
SELECT is(pg_temp.give('{"license_number": "L-9"}'), NULL, 'another part');
SELECT is(onboarding_wants(:begun) ->> 'fields', '["years_of_experience"]', 'one is left');
SELECT is(pg_temp.give('{"years_of_experience": 3}'), NULL, 'the last');
SELECT is((SELECT u.onboarding_status || ' ' || d.hospital_name || ' ' || d.license_number || (SELECT count(*) FROM profile_drafts WHERE user_id = :begun)
             FROM users u JOIN doctor_profiles d ON d.user_id = u.id WHERE u.id = :begun), 'active H L-90', 'it is whole');
SELECT is(pg_temp.refusal('dastern_reminders', :begun, 'SELECT * FROM profile_drafts'), '42501', 'drafts are no other program''s');

-- Closing an account ends its sessions at once.
SELECT session_open(:patient, '00000000-0000-7000-8000-0000000000e1', sha256('a'), NULL, NULL, NULL, '1 day', '30 days') \g /dev/null
UPDATE users SET is_active = false WHERE id = :patient;
SELECT is((SELECT revoked_reason FROM user_sessions WHERE id = '00000000-0000-7000-8000-0000000000e1'), 'deactivated', 'sessions of a closed account are over');
SELECT is(pg_temp.refused(format('SELECT act_as(%L)', :patient)), 'DT404 not_found', 'nothing acts for it');
SELECT * FROM finish();
ROLLBACK;
