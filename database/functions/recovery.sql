-- Codes that prove an address or let somebody back in. They arrive here hashed; the code itself travels sealed in the outbox.

-- An e-mail of the catalogue to an account's person. `sealed` holds values that must not lie in the clear.
CREATE OR REPLACE FUNCTION account_mail(user_id uuid, address text, template text, values_ jsonb DEFAULT '{}', key text DEFAULT NULL,
                                        sealed bytea DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO outbox (kind, user_id, dedupe_key, sealed, payload, priority)
    VALUES ('email', user_id, key, sealed, jsonb_build_object('template', template, 'to', address, 'values', values_), 10)
$$;

-- Seconds until one more code of these purposes may go to this address or number for this account; 0: now. So many a day for each.
CREATE OR REPLACE FUNCTION code_wait(user_id uuid, purposes text[], target text, of_account integer, of_target integer) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT greatest(0, ceil(extract(epoch FROM max(l.free_at) - now())))::integer
      FROM ((SELECT c.created_at + interval '1 day' AS free_at FROM verification_codes c
              WHERE c.user_id = code_wait.user_id AND c.purpose = ANY (purposes) AND c.created_at > now() - interval '1 day'
              ORDER BY c.created_at DESC OFFSET of_account - 1 LIMIT 1)
            UNION ALL
            (SELECT c.created_at + interval '1 day' FROM verification_codes c
              WHERE lower(c.target) = lower(code_wait.target) AND c.purpose = ANY (purposes) AND c.created_at > now() - interval '1 day'
              ORDER BY c.created_at DESC OFFSET of_target - 1 LIMIT 1)) AS l
$$;

-- A code replaces the one before it. Returns the seconds to wait when one was sent less than a minute ago, else 0. An account has ten
-- codes a day sent to addresses it has or wants, an address gets twenty: nobody is to have strangers' mailboxes filled. (A forgotten
-- password has a throttle of its own, recovery_start.)
CREATE OR REPLACE FUNCTION code_issue(user_id uuid, purpose text, target text, code_hash bytea, template text, key text, sealed bytea)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    waiting integer;
BEGIN
    PERFORM 1 FROM users WHERE id = code_issue.user_id FOR NO KEY UPDATE;
    SELECT ceil(extract(epoch FROM max(c.created_at) + interval '1 minute' - now())) INTO waiting
      FROM verification_codes c WHERE c.user_id = code_issue.user_id AND c.purpose = code_issue.purpose;
    IF coalesce(waiting, 0) <= 0 AND code_issue.purpose IN ('email_verify', 'email_change') THEN
        waiting := code_wait(code_issue.user_id, '{email_verify,email_change}', code_issue.target, 10, 20);
    END IF;
    IF waiting > 0 THEN
        RETURN waiting;
    END IF;
    UPDATE verification_codes SET used_at = now()
     WHERE user_id = code_issue.user_id AND purpose = code_issue.purpose AND used_at IS NULL;
    INSERT INTO verification_codes (user_id, purpose, target, code_hash, expires_at)
    VALUES (code_issue.user_id, code_issue.purpose, code_issue.target, code_issue.code_hash, now() + interval '10 minutes');
    IF code_issue.purpose = 'phone_change' THEN
        PERFORM account_sms(code_issue.user_id, code_issue.target, template, '{"minutes": "10"}', key, sealed);
    ELSE
        PERFORM account_mail(code_issue.user_id, code_issue.target, template, '{"minutes": "10"}', key, sealed);
    END IF;
    PERFORM audit('account.code_sent', 'user', code_issue.user_id, NULL, jsonb_build_object('purpose', code_issue.purpose));
    RETURN 0;
END $$;

-- The live code with this hash, or nothing. Misses are counted by address, and many of them make everything a miss.
-- Never raises, so that the count stays.
CREATE OR REPLACE FUNCTION code_find(purposes text[], code_hash bytea, ip text) RETURNS SETOF verification_codes
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF throttle_wait('code', address_key(ip)) = 0 THEN
        RETURN QUERY SELECT c.* FROM verification_codes c JOIN users u ON u.id = c.user_id
                      WHERE c.code_hash = code_find.code_hash AND c.purpose = ANY (purposes) AND c.used_at IS NULL
                        AND c.expires_at > now() AND u.is_active
                        FOR UPDATE OF c;
        IF FOUND THEN
            RETURN;
        END IF;
    END IF;
    PERFORM throttle_failure('code', address_key(ip), 9, interval '1 minute');
END $$;

-- Somebody forgot a password. Says nothing about whether there is such an account, and writes in either case.
CREATE OR REPLACE FUNCTION recovery_start(identifier text, ip text, code_hash bytea, key text, sealed bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    who uuid;
    address text;
BEGIN
    SELECT u.id, u.email INTO who, address FROM users u
     WHERE u.is_active AND CASE WHEN position('@' IN identifier) > 0 THEN lower(u.email) = lower(identifier) ELSE u.phone_number = identifier END;
    IF throttle_wait('recovery', account_key(who, identifier, NULL)) > 0 THEN
        RETURN;
    END IF;
    PERFORM throttle_failure('recovery', account_key(who, identifier, NULL));
    IF who IS NOT NULL THEN
        PERFORM code_issue(who, 'password_reset', address, code_hash, 'account.reset_password', key, sealed);
    END IF;
END $$;

-- Whose password a code would reset: what the new one must not be made of. No row: the code is not good.
CREATE OR REPLACE FUNCTION recovery_find(code_hash bytea, ip text) RETURNS TABLE (email text, first_name text, last_name text)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT u.email, u.first_name, u.last_name
      FROM code_find('{password_reset}', recovery_find.code_hash, recovery_find.ip) c JOIN users u ON u.id = c.user_id
$$;

-- A new password: every other way into the account ends, and whoever owns the address hears of it.
CREATE OR REPLACE FUNCTION password_set(user_id uuid, new_hash text, reason text, except_session uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    address text;
BEGIN
    UPDATE users u SET password_hash = new_hash, password_changed_at = now() WHERE u.id = password_set.user_id RETURNING u.email INTO address;
    -- All of them: a thief's proof of another address, begun before, must not end after it.
    UPDATE verification_codes c SET used_at = now() WHERE c.user_id = password_set.user_id AND c.used_at IS NULL;
    PERFORM sessions_revoke_all(password_set.user_id, reason, except_session);
    PERFORM account_mail(password_set.user_id, address, 'account.password_changed');
    PERFORM audit('account.password_changed', 'user', password_set.user_id, NULL, jsonb_build_object('by', reason));
END $$;

-- The person's own change. The present password was judged a moment ago; who has replaced it since must not be undone.
CREATE OR REPLACE FUNCTION password_change(judged_hash text, new_hash text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM 1 FROM users u WHERE u.id = app_user_id() AND u.password_hash = judged_hash FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse('DT403', 'auth.password_wrong', 'The password was changed meanwhile.');
    END IF;
    PERFORM password_set(app_user_id(), new_hash, 'password_change', app_session_id()), step_up();
END $$;

-- False: the code is no longer good (used meanwhile, or too old).
CREATE OR REPLACE FUNCTION recovery_finish(code_hash bytea, ip text, new_hash text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    code verification_codes;
BEGIN
    SELECT * INTO code FROM code_find('{password_reset}', recovery_finish.code_hash, recovery_finish.ip);
    IF code.id IS NULL THEN
        RETURN false;
    END IF;
    PERFORM become(code.user_id, NULL);
    -- The code came to the address: that proves it.
    UPDATE users u SET email_verified = u.email_verified OR u.email = code.target WHERE u.id = code.user_id;
    PERFORM password_set(code.user_id, new_hash, 'password_reset', NULL),
            throttle_clear('account', account_key(code.user_id, NULL, NULL));
    RETURN true;
END $$;

-- Proof of an address: of the account's own, or of one it is to get. Returns what was proved; NULL: the code is not good.
CREATE OR REPLACE FUNCTION email_prove(code_hash bytea, ip text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    code verification_codes;
    former text;
BEGIN
    SELECT * INTO code FROM code_find('{email_verify,email_change}', email_prove.code_hash, email_prove.ip);
    IF code.id IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT u.email INTO former FROM users u WHERE u.id = code.user_id FOR NO KEY UPDATE;
    PERFORM become(code.user_id, NULL);
    UPDATE verification_codes c SET used_at = now() WHERE c.id = code.id;
    IF code.purpose = 'email_change' THEN
        UPDATE users u SET email = code.target, email_verified = true WHERE u.id = code.user_id;
        PERFORM account_mail(code.user_id, former, 'account.email_changed');
        -- Whoever reads the former address gets in no more by a code that went there.
        UPDATE verification_codes c SET used_at = now() WHERE c.user_id = code.user_id AND c.used_at IS NULL AND c.purpose <> 'phone_change';
    ELSE
        UPDATE users u SET email_verified = true WHERE u.id = code.user_id AND u.email = code.target;
    END IF;
    PERFORM audit('account.email_proved', 'user', code.user_id, NULL, jsonb_build_object('purpose', code.purpose));
    RETURN code.purpose;
END $$;

-- The person behind the session has just proved who they are.
CREATE OR REPLACE FUNCTION step_up() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$ UPDATE user_sessions SET verified_at = now() WHERE id = app_session_id() $$;

-- Refuses unless the person behind the session has proved who they are within the last five minutes.
CREATE OR REPLACE FUNCTION require_step_up() RETURNS void
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM user_sessions s WHERE s.id = app_session_id() AND s.verified_at > now() - interval '5 minutes') THEN
        PERFORM refuse('DT403', 'auth.step_up_required', 'Give your password or a code again.', '{"next_step": "step_up"}');
    END IF;
END $$;

GRANT EXECUTE ON FUNCTION code_issue(uuid, text, text, bytea, text, text, bytea), recovery_start(text, text, bytea, text, bytea),
      recovery_find(bytea, text), password_change(text, text), recovery_finish(bytea, text, text), email_prove(bytea, text), step_up()
   TO dastern_auth;
GRANT EXECUTE ON FUNCTION require_step_up() TO dastern_module;
