-- 021: when the person behind a session last proved who they are, by password or code. Risky acts want that to be recent.
ALTER TABLE user_sessions ADD COLUMN verified_at timestamptz NOT NULL DEFAULT now();
