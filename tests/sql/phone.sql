-- Proof of a phone number: whose code it is, how often it may be tried and sent, who keeps the number.
BEGIN;
SELECT plan(16);
\ir include/people.psql
CREATE FUNCTION pg_temp.issue(who uuid, number text, code text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.run_as('dastern_auth', who, format('SELECT phone_code_issue(%L, sha256(%L), %L, NULL)', number, code, code)) $$;
CREATE FUNCTION pg_temp.guess(who uuid, code text) RETURNS text LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_temp.run_as('dastern_auth', who, 'SELECT phone_code_try()');
    RETURN pg_temp.run_as('dastern_auth', who, format('SELECT phone_prove(sha256(%L))', code));
END $$;
UPDATE users SET phone_number = NULL, phone_verified = false WHERE id IN (:patient, :other, :relative);

SELECT is(pg_temp.issue(:patient, '+85519777001', 'a'), '0', 'a code is sent');
SELECT is(pg_temp.issue(:patient, '+85519777001', 'b'), '60', 'the next a minute later');
SELECT is((SELECT payload FROM outbox WHERE kind = 'sms' AND dedupe_key = 'a'),
          '{"to": "+85519777001", "values": {"minutes": "10"}, "template": "account.phone_code"}'::jsonb, 'to the number, as a text message');
SELECT is(pg_temp.run_as('dastern_auth', :patient, $$SELECT phone_prove(sha256('a'))$$), 'false', 'without a counted try nothing is compared');
SELECT is(pg_temp.guess(:other, 'a'), 'false', 'it is nobody else''s');
SELECT is(pg_temp.guess(:patient, 'x'), 'false', 'a wrong one');
UPDATE verification_codes SET attempts = 5 WHERE user_id = :patient;
SELECT is(pg_temp.guess(:patient, 'a'), 'false', 'not at the sixth try');
UPDATE verification_codes SET attempts = 4 WHERE user_id = :patient;
SELECT is(pg_temp.guess(:patient, 'a'), 'true', 'at the fifth');
SELECT is((SELECT phone_number || phone_verified FROM users WHERE id = :patient), '+85519777001true', 'the number is proved');
SELECT is((SELECT count(*) FROM outbox WHERE kind = 'sms' AND user_id = :patient), 1::bigint, 'there was no number before it to be told');

UPDATE verification_codes SET created_at = created_at - interval '2 minutes' WHERE user_id = :patient;
UPDATE users SET phone_number = '+85519777002' WHERE id = :relative;
SELECT is(pg_temp.issue(:patient, '+85519777002', 'c'), '0', 'another number');
SELECT is(pg_temp.guess(:patient, 'c'), 'true', 'is proved');
SELECT is((SELECT phone_number FROM users WHERE id = :relative), NULL, 'who only claimed it loses it');
SELECT is((SELECT payload ->> 'to' FROM outbox WHERE kind = 'sms' AND payload ->> 'template' = 'account.phone_changed'), '+85519777001', 'the proved number before it is told');
SELECT is((SELECT count(*) FROM outbox WHERE kind = 'email' AND user_id IN (:patient, :relative) AND payload ->> 'template' = 'account.phone_changed'), 3::bigint,
          'and the addresses of both');

INSERT INTO verification_codes (user_id, purpose, target, code_hash, expires_at, used_at, created_at)
SELECT :other, 'phone_change', '+85519777003', sha256('old'), now() - interval '1 hour', now(), now() - n * interval '2 hours' FROM generate_series(1, 5) n;
SELECT is(pg_temp.issue(:other, '+85519777004', 'd'), (14 * 3600)::text, 'five a day');
SELECT * FROM finish();
ROLLBACK;
