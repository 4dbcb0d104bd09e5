-- Sessions and the throttling of guesses. The auth module holds the keys; here is only what decides.

-- The caller makes the id, because the refresh token is derived from it: HMAC(server key, session id, generation).
CREATE OR REPLACE FUNCTION session_open(user_id uuid, session uuid, token_hash bytea, device_name text, user_agent text, ip text,
                                        idle interval, absolute interval)
RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE users SET last_login_at = now(), deletion_scheduled_at = NULL WHERE id = user_id;
    INSERT INTO user_sessions (id, user_id, refresh_token, device_name, user_agent, ip, idle_expires_at, expires_at)
    VALUES (session, user_id, token_hash, left(device_name, 100), left(user_agent, 512), ip::inet,
            least(now() + idle, now() + absolute), now() + absolute)
    RETURNING id
$$;

-- One step of rotation under the row's lock, so that parallel refreshes see each other:
--   the current token            -> rotated     (its child is `next`)
--   its immediate parent <= 10 s -> same_child  (the child that is already out; `next` is not used)
--   anything older               -> reused      (the session is revoked: somebody holds a copy)
--   session over                 -> ended
-- Never raises, or the revocation would be rolled back: commit, then answer by the outcome.
-- Call it only with a token whose MAC was checked, so that a stranger who knows an id cannot end a session.
CREATE OR REPLACE FUNCTION session_rotate(session uuid, presented bytea, next bytea, idle interval)
RETURNS TABLE (outcome text, user_id uuid, role text, generation integer, idle_expires_at timestamptz, expires_at timestamptz, revoked_reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    s user_sessions;
    u users;
BEGIN
    SELECT * INTO s FROM user_sessions WHERE id = session FOR UPDATE;
    SELECT * INTO u FROM users WHERE id = s.user_id;
    IF s.id IS NULL OR s.revoked_at IS NOT NULL OR NOT u.is_active
       OR least(s.expires_at, s.idle_expires_at) <= clock_timestamp() THEN
        outcome := 'ended';
    ELSIF presented = s.refresh_token THEN
        outcome := 'rotated';
        UPDATE user_sessions SET refresh_token = next, previous_refresh_token = presented, generation = s.generation + 1,
               rotated_at = clock_timestamp(), last_used_at = clock_timestamp(),
               idle_expires_at = least(clock_timestamp() + idle, s.expires_at)
         WHERE id = session RETURNING * INTO s;
    ELSIF presented = s.previous_refresh_token AND s.rotated_at > clock_timestamp() - interval '10 seconds' THEN
        outcome := 'same_child';
    ELSE
        outcome := 'reused';
        UPDATE user_sessions SET revoked_at = clock_timestamp(), revoked_reason = 'reuse' WHERE id = session RETURNING * INTO s;
    END IF;
    RETURN QUERY SELECT outcome, s.user_id, u.role::text, s.generation, s.idle_expires_at, s.expires_at, s.revoked_reason;
END $$;

-- False when there was nothing left to end.
CREATE OR REPLACE FUNCTION session_revoke(session uuid, reason text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    UPDATE user_sessions SET revoked_at = clock_timestamp(), revoked_reason = reason WHERE id = session AND revoked_at IS NULL;
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION sessions_revoke_all(user_id uuid, reason text, except_session uuid DEFAULT NULL) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    ended integer;
BEGIN
    UPDATE user_sessions s SET revoked_at = clock_timestamp(), revoked_reason = reason
     WHERE s.user_id = sessions_revoke_all.user_id AND revoked_at IS NULL AND s.id IS DISTINCT FROM except_session;
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END $$;

-- Seconds to wait before the next try; 0: go on.
CREATE OR REPLACE FUNCTION throttle_wait(scope text, key bytea) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT greatest(0, ceil(extract(epoch FROM max(t.blocked_until) - now())))::integer
      FROM sign_in_throttle t WHERE t.scope = throttle_wait.scope AND t.key = throttle_wait.key
$$;

-- `free` failures cost nothing; then the wait doubles from one second up to a quarter of an hour. A day without failure
-- forgets all of them, and every `leak` (NULL: never) one: where many people share an address, slips must not add up.
CREATE OR REPLACE FUNCTION throttle_failure(scope text, key bytea, free integer DEFAULT 4, leak interval DEFAULT NULL) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO sign_in_throttle AS t (scope, key, failures) VALUES (scope, key, 1)
    ON CONFLICT ON CONSTRAINT sign_in_throttle_pkey DO UPDATE
       SET failures      = 1 + CASE WHEN t.window_start < now() - interval '1 day' THEN 0
                                    ELSE greatest(0, t.failures - coalesce(floor(extract(epoch FROM now() - t.window_start)
                                                                                 / extract(epoch FROM leak)), 0)) END,
           window_start  = now();
    UPDATE sign_in_throttle t
       SET blocked_until = CASE WHEN t.failures > free THEN now() + least(900, 2 ^ least(t.failures - free - 1, 10)) * interval '1 second' END
     WHERE t.scope = throttle_failure.scope AND t.key = throttle_failure.key;
    SELECT throttle_wait(scope, key)
$$;

CREATE OR REPLACE FUNCTION throttle_clear(scope text, key bytea) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    DELETE FROM sign_in_throttle t WHERE t.scope = throttle_clear.scope AND t.key = throttle_clear.key
$$;
