-- Accounts: throttling that spares the owner, codes, proofs, outside identities, erasure; and who may call what.
BEGIN;
SELECT plan(44);
\ir include/people.psql
\set s '\'00000000-0000-7000-8000-0000000000e1\''
SELECT session_open(:patient, :s, sha256('t0'), NULL, NULL, '10.0.0.1', '7 days', '30 days') \g /dev/null

-- Addresses
SELECT is(address_prefix('10.0.0.1')::text, '10.0.0.1/32', 'an IPv4 address is itself');
SELECT is(address_prefix('2001:db8:1:2:3:4:5:6'), address_prefix('2001:db8:1:2::9'), 'an IPv6 address is its /64');
SELECT isnt(address_prefix('2001:db8:1:2::1'), address_prefix('2001:db8:1:3::1'), 'another /64 is another');
SELECT is(address_prefix(NULL), NULL, 'none is none');

-- Throttling
SELECT is(account_key(:patient, 'x', '10.9.9.9'), account_key(:patient, 'y', '10.8.8.8'), 'strangers share one bucket of an account');
SELECT isnt(account_key(:patient, 'x', '10.0.0.1'), account_key(:patient, 'x', '10.9.9.9'), 'an address the account was used from has its own');
SELECT isnt(account_key(NULL, 'a@b.c', '10.9.9.9'), account_key(NULL, 'd@b.c', '10.9.9.9'), 'accounts that do not exist have buckets too');
SELECT is((SELECT count(*) FROM generate_series(1, 5) i WHERE sign_in_failed(:patient, 'x', '10.9.9.' || i, 'test') = 0), 5::bigint, 'five failures are answered');
SELECT ok(sign_in_failed(:patient, 'x', '10.9.9.9', 'test') > 0, 'the sixth has to wait, whatever it says');
SELECT ok(sign_in_wait(:patient, 'x', '10.7.7.7') > 0, 'from anywhere else too');
SELECT is(sign_in_wait(:patient, 'x', '10.0.0.1'), 0, 'the owner, at a known address, has not');
SELECT is((SELECT outcome FROM sign_in_open(:patient, 'x', '10.7.7.7', uuid_v7(), sha256('a'), NULL, NULL, '1 day', '2 days', NULL, NULL, NULL, NULL)), 'throttled',
          'not even the right password opens while there is to be waited');
SELECT is((SELECT outcome FROM sign_in_open(:patient, 'x', '10.0.0.1', uuid_v7(), sha256('b'), NULL, NULL, '1 day', '2 days', NULL, NULL, NULL, NULL)), 'opened', 'the owner gets in');
UPDATE users SET password_hash = '$argon2id$new' WHERE id = :patient;
SELECT is((SELECT outcome FROM sign_in_open(:patient, 'x', '10.0.0.1', uuid_v7(), sha256('b2'), NULL, NULL, '1 day', '2 days', '$argon2id$rehashed', NULL, NULL, '$argon2id$old')),
          'password_changed', 'not with a password that was replaced while it was compared');
SELECT is((SELECT password_hash FROM users WHERE id = :patient), '$argon2id$new', 'nor is it put back');
SELECT is(pg_temp.refusal('dastern_auth', :patient, $$SELECT password_change('$argon2id$old', '$argon2id$mine')$$), 'DT403 auth.password_wrong', 'nor does a change begun before undo it');

-- Second factor
UPDATE users SET totp_enabled = true WHERE id = :other;
INSERT INTO totp_secrets (user_id, sealed, key_id, confirmed_at) VALUES (:other, 'x', '1', now());
INSERT INTO recovery_codes (user_id, code_hash) VALUES (:other, sha256('r1'));
SELECT is((SELECT outcome FROM sign_in_open(:other, 'x', '10.0.0.1', uuid_v7(), sha256('c'), NULL, NULL, '1 day', '2 days', NULL, NULL, NULL, NULL)), 'code_wrong', 'without a code nobody gets in');
SELECT ok(code_spend(:other, 100, NULL), 'a step counts');
SELECT ok(NOT code_spend(:other, 100, NULL), 'once');
SELECT ok(NOT code_spend(:other, 99, NULL), 'and none before it');
SELECT ok(code_spend(:other, 101, NULL), 'a later one does');
SELECT ok(code_spend(:other, NULL, sha256('r1')), 'a recovery code counts');
SELECT ok(NOT code_spend(:other, NULL, sha256('r1')), 'once');
SELECT ok(NOT code_spend(:other, NULL, NULL), 'nothing is no code');

-- Codes by e-mail
SELECT is(code_issue(:patient, 'password_reset', 'patient@people.test', sha256('k1'), 'account.reset_password', 'key 1', 'sealed'), 0, 'a code is sent');
SELECT ok(code_issue(:patient, 'password_reset', 'patient@people.test', sha256('k2'), 'account.reset_password', 'key 2', 'sealed') > 0, 'not two within a minute');
SELECT is((SELECT count(*) FROM code_find('{email_verify}', sha256('k1'), '10.1.1.1')), 0::bigint, 'it is good for its purpose only');
SELECT is((SELECT count(*) FROM code_find('{password_reset}', sha256('k1'), '10.1.1.1')), 1::bigint, 'for that it is');
SELECT ok(recovery_finish(sha256('k1'), '10.1.1.1', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA'), 'it lets a password be chosen');
SELECT ok(NOT recovery_finish(sha256('k1'), '10.1.1.1', '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaA'), 'once');
SELECT is((SELECT count(*) FROM user_sessions WHERE user_id = :patient AND revoked_at IS NULL), 0::bigint, 'and ends every session');
SELECT is((SELECT count(*) FROM generate_series(1, 12) i, code_find('{password_reset}', sha256('no' || i::text::bytea), '10.2.2.2')), 0::bigint, 'guesses find nothing');
SELECT ok(throttle_wait('code', address_key('10.2.2.2')) > 0, 'and are slowed down');

-- Outside identities
UPDATE users SET email_verified = false WHERE id = :relative;
SELECT is((SELECT outcome FROM identity_find('google', '1', 'relative@people.test', true, 'A', 'B')), 'email_in_use', 'an address only one side has verified links nothing');
UPDATE users SET email_verified = true WHERE id = :relative;
SELECT is((SELECT outcome FROM identity_find('google', '1', 'relative@people.test', false, 'A', 'B')), 'email_in_use', 'whichever side');
SELECT is((SELECT outcome || user_id FROM identity_find('google', '1', 'RELATIVE@people.test', true, 'A', 'B')), 'linked' || :relative, 'both sides: linked');
SELECT is((SELECT outcome || user_id FROM identity_find('google', '1', 'elsewhere@people.test', true, 'A', 'B')), 'known' || :relative, 'by the subject from then on');
SELECT is((SELECT outcome FROM identity_find('google', '2', NULL, true, 'A', 'B')), 'email_unverified', 'without an address there is no account');
SELECT is((SELECT outcome FROM identity_find('google', '3', 'new@people.test', true, NULL, NULL)), 'made', 'a new person gets one');

-- Proofs
SELECT is(pg_temp.refusal('dastern_auth', :patient, 'SELECT require_step_up()'), 'DT403 auth.step_up_required', 'without a session there is no proof');

-- Erasure
SELECT ok(NOT is_erasing(:patient), 'nobody is being erased');
SELECT set_config('app.erasing', :patient, true) \g /dev/null
SELECT is(pg_temp.run_as('dastern_reminders', :patient, format('SELECT is_erasing(%L)', :patient)), 'false', 'a setting alone opens nothing to a program');
SELECT set_config('app.erasing', '', true) \g /dev/null
SELECT is(pg_temp.refusal('dastern_reminders', :patient, 'SELECT account_erase_next()'), '42501', 'nor may it erase');
SELECT is(pg_temp.refusal('dastern_admin', :patient, format('SELECT admin_change_user(%L, false, NULL)', :other)), 'DT403 auth.role_not_allowed', 'a patient is no administrator, whatever program asks');
SELECT * FROM finish();
ROLLBACK;
