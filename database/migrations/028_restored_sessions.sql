-- 028: sessions also end because the database came out of a backup (after_restore.sql).
ALTER TABLE user_sessions DROP CONSTRAINT "session.revoked_reason";
ALTER TABLE user_sessions ADD CONSTRAINT "session.revoked_reason" CHECK (revoked_reason IN ('logout', 'ended', 'reuse', 'expired',
    'password_change', 'password_reset', 'deactivated', 'role_change', 'deletion', 'limit', 'restored'));
