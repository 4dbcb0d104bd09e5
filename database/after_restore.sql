-- What a database that came out of a backup must forget or be told before anybody uses it; scripts/restore runs it once, in one
-- transaction, after migrations and functions. `taken`: the moment the backup shows. What happened since then is unknown, so
-- wherever going on as if nothing had happened could hurt somebody, this stays silent instead.

-- A token, code or invitation that was spent or withdrawn after the backup must not come back to life. Codes that stand in for a lost
-- second factor stay: they open nothing without the password, and who needs them has nothing else.
UPDATE user_sessions SET revoked_at = now(), revoked_reason = 'restored' WHERE revoked_at IS NULL;
UPDATE verification_codes SET used_at = now() WHERE used_at IS NULL;
UPDATE family_invitations SET status = 'expired' WHERE status = 'pending';

-- What waited to leave the house most likely left it minutes after the backup. Its codes are spent, its news is old: none of it goes out
-- again. What is only shown in the app stays.
UPDATE outbox SET status = 'done', stage = 'restored', completed_at = now(), locked_by = NULL, locked_until = NULL
 WHERE kind <> 'in_app' AND status IN ('queued', 'running');

-- Files of exports are in no backup; whoever wants one asks again. All other jobs can be done twice and go on: a picture is read,
-- a report made, files of an erased account removed.
DELETE FROM jobs WHERE kind = 'export' AND status = 'done';

-- Doses since the backup may have been taken and recorded; that record is lost. So nobody is now told to take one: that could be the
-- second time. One that can still be recorded waits for its patient. One whose time is over counts as missed until somebody corrects it,
-- and no relative is alarmed about it. What falls due from now on is told as ever.
SELECT materialise_doses(2147483647) \g /dev/null
UPDATE medication_reminder_logs SET fired_at = now(), status = 'pending', snoozed_until = NULL
 WHERE fired_at IS NULL AND status IN ('pending', 'snoozed') AND fire_at <= now() AND grace_until > now();
WITH over AS (
    SELECT id, scheduled_date, status FROM medication_reminder_logs
     WHERE status IN ('pending', 'snoozed') AND grace_until <= now() FOR UPDATE
), missed AS (
    UPDATE medication_reminder_logs l SET status = 'missed', snoozed_until = NULL
      FROM over WHERE l.id = over.id AND l.scheduled_date = over.scheduled_date
    RETURNING l.*, over.status AS was
)
INSERT INTO dose_events (dose_id, scheduled_date, patient_id, medication_id, event, from_status, to_status, at, note)
SELECT id, scheduled_date, patient_id, medication_id, 'miss', was, 'missed', grace_until, 'records lost since ' || :'taken' FROM missed;
UPDATE medication_reminders SET next_reminder_at = reminder_next(id)
 WHERE is_active AND next_reminder_at IS DISTINCT FROM reminder_next(id);

-- Everybody is told once, in the app: only they know what they took, and whom they shut out, since then.
SELECT notify_many(array_agg(id), 'system.restored',
           array_agg(jsonb_build_object('since', to_char(:'taken'::timestamptz AT TIME ZONE timezone, 'YYYY-MM-DD HH24:MI'))),
           array_agg('system.restored:' || now() || ':' || id))
  FROM users WHERE is_active \g /dev/null
SELECT audit('system.restored', 'system', NULL, NULL, jsonb_build_object('taken', :'taken')) \g /dev/null
