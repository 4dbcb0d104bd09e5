-- Notices by language, channel and dedupe key; repeated requests by their key.
BEGIN;
SELECT plan(24);
\ir include/people.psql
SELECT is(notice_text('{a} and {b}, {c}', '{"a": "x", "b": null, "d": "{a}"}'), 'x and , {c}', 'placeholders');
SELECT is(notify_user(:patient, 'family.approved', '{"patient": "A"}', 'k1'), true, 'a notice');
SELECT is(notify_user(:patient, 'family.approved', '{"patient": "A"}', 'k1'), false, 'once per key');
SELECT is((SELECT count(*)::integer FROM notifications WHERE user_id = :patient), 1, 'one row');
SELECT is((SELECT string_agg(kind, ' ' ORDER BY kind) FROM outbox WHERE user_id = :patient), 'in_app push', 'no mail to an address that is not verified');
UPDATE users SET email_verified = true, language = 'km' WHERE id = :patient;
INSERT INTO notification_preferences VALUES (:patient, 'family.approved', 'push', false);
SELECT is(notify_user(:patient, 'family.approved', '{"patient": "A"}', 'k2'), true, 'another');
SELECT is((SELECT string_agg(kind, ' ' ORDER BY kind) FROM outbox WHERE user_id = :patient AND dedupe_key = 'k2'), 'email in_app', 'by the channels the person wants');
SELECT is((SELECT message FROM notifications WHERE user_id = :patient ORDER BY id DESC LIMIT 1), 'ឥឡូវនេះអ្នកតាមដាន A។', 'in the person''s language');
SELECT is(pg_temp.refused(format('SELECT notify_user(%L, %L, %L)', :patient, 'no.such_type', '{}')), '23502', 'a kind there is not is a loud mistake');
UPDATE users SET is_active = false WHERE id = :other;
SELECT is(notify_user(:other, 'family.approved', '{}'), false, 'nothing to a closed account');
SELECT is((SELECT count(*)::integer FROM outbox WHERE payload::text ~ 'Alpha|message' AND user_id = :patient), 0, 'deliveries carry ids, not words');
SELECT is(pg_temp.run_as('dastern_notifications', :relative, 'SELECT count(*) FROM notifications'), '0', 'one''s own only');

-- Places in the stream: whatever the clock does, the later one is higher.
CREATE FUNCTION pg_temp.deliver(who uuid, key text) RETURNS timestamptz LANGUAGE sql AS $$
    UPDATE notifications n SET delivered_at = '2000-01-01' FROM outbox o
     WHERE o.user_id = who AND o.dedupe_key = key AND o.kind = 'in_app' AND n.id = (o.payload ->> 'notification_id')::uuid RETURNING n.delivered_at $$;
SELECT is((SELECT pg_temp.deliver(:patient, 'k1') BETWEEN now() AND clock_timestamp()), true, 'a place is given, not taken');
UPDATE notifications SET delivered_at = now() + interval '1 hour' WHERE user_id = :patient AND delivered_at IS NOT NULL;
SELECT is(pg_temp.deliver(:patient, 'k2'), now() + interval '1 hour 1 microsecond', 'behind the last one, though the clock was set back');
SELECT is(pg_temp.run_as('dastern_notifications', :relative, format('SELECT notification_last_place(%L)', :patient)), NULL, 'of one''s own notices only');

SELECT account_mail(:patient, 'patient@people.test', 'account.password_changed');
SELECT is((SELECT kind FROM queue_claim('outbox', 'test', 60)), 'in_app', 'what only this database has to do does not wait for a mail server');

CREATE FUNCTION pg_temp.first(who uuid, key text, route text, body text) RETURNS text LANGUAGE sql AS $$
    SELECT pg_temp.run_as('dastern_reminders', who, format('SELECT concat_ws($q$ $q$, replay, status, body) FROM idempotency_begin(%L, %L, sha256(%L))', key, route, body)) $$;
SELECT is(pg_temp.first(:patient, 'key', 'POST /a', '{}'), 'f', 'a new key');
SELECT pg_temp.run_as('dastern_reminders', :patient, $$SELECT idempotency_finish('key', 201, '{}', '{"id": 1}')$$) \g /dev/null
SELECT is(pg_temp.first(:patient, 'key', 'POST /a', '{}'), 't 201 {"id": 1}', 'again: the first answer');
SELECT is(pg_temp.refusal('dastern_reminders', :patient, $$SELECT idempotency_begin('key', 'POST /a', sha256('other'))$$), 'DT422 idempotency.mismatch', 'with another body');
SELECT is(pg_temp.refusal('dastern_reminders', :patient, $$SELECT idempotency_begin('key', 'POST /b', sha256('{}'))$$), 'DT422 idempotency.mismatch', 'on another route');
SELECT is(pg_temp.first(:relative, 'key', 'POST /a', '{}'), 'f', 'another person''s key is another key');
SELECT is(pg_temp.refusal('dastern_reminders', :patient, format('SELECT idempotency_begin(%L, %L, sha256(%L))', 'a key', 'POST /a', '')), '23514 idempotency.key_form', 'a key with a space');
UPDATE idempotency_keys SET expires_at = now() WHERE user_id = :patient;
SELECT is(pg_temp.first(:patient, 'key', 'POST /a', 'new'), 'f', 'an expired key is free');
SELECT is(pg_temp.refusal('dastern_reminders', NULL, $$SELECT idempotency_begin('key', 'POST /a', sha256('x'))$$), '23502', 'nobody has keys');
SELECT * FROM finish();
ROLLBACK;
