-- Signing up and in. The auth module hashes and makes tokens; here is what must be decided and written in one transaction.

-- What guesses from one place are counted by: an IPv6 host has a whole /64 to itself.
CREATE OR REPLACE FUNCTION address_prefix(ip text) RETURNS inet
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$ SELECT CASE family(ip::inet) WHEN 6 THEN network(set_masklen(ip::inet, 64))::inet ELSE ip::inet END $$;

-- The bucket in which failures for an account count. Strangers share one; an address the account was used from in the last
-- 90 days has its own, so that whoever guesses from elsewhere can't keep the owner out. An account that does not exist has
-- a bucket too, or its absence would show.
CREATE OR REPLACE FUNCTION account_key(user_id uuid, identifier text, ip text) RETURNS bytea
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT sha256(convert_to(coalesce(account_key.user_id::text, lower(identifier)) ||
        CASE WHEN EXISTS (SELECT FROM user_sessions s
                           WHERE s.user_id = account_key.user_id AND s.created_at > now() - interval '90 days'
                             AND address_prefix(host(s.ip)) = address_prefix(account_key.ip))
             THEN ' ' || address_prefix(account_key.ip) ELSE '' END, 'UTF8'))
$$;

CREATE OR REPLACE FUNCTION address_key(ip text) RETURNS bytea
LANGUAGE sql IMMUTABLE
AS $$ SELECT sha256(convert_to(coalesce(address_prefix(ip)::text, ''), 'UTF8')) $$;

CREATE OR REPLACE FUNCTION sign_in_wait(user_id uuid, identifier text, ip text) RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT greatest(throttle_wait('account', account_key(user_id, identifier, ip)), throttle_wait('address', address_key(ip)))
$$;

-- Always one row; user_id is NULL when there is no such account. `identifier`: e-mail address or phone number.
CREATE OR REPLACE FUNCTION sign_in_find(identifier text, ip text)
RETURNS TABLE (user_id uuid, password_hash text, totp_enabled boolean, totp_sealed bytea, totp_last_step bigint, wait integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    u users;
BEGIN
    IF position('@' IN identifier) > 0 THEN
        SELECT * INTO u FROM users WHERE lower(email) = lower(identifier);
    ELSE
        SELECT * INTO u FROM users WHERE phone_number = identifier;
    END IF;
    RETURN QUERY SELECT u.id, u.password_hash, coalesce(u.totp_enabled, false), t.sealed, t.last_counter,
                        sign_in_wait(u.id, identifier, sign_in_find.ip)
                   FROM (SELECT) AS one LEFT JOIN totp_secrets t ON t.user_id = u.id;
END $$;

-- Counts a failed sign-in. Returns the seconds that were still to be waited when it came (then it says nothing about the
-- password: guesses sent all at once get no further than guesses sent one by one), 0 otherwise.
CREATE OR REPLACE FUNCTION sign_in_failed(user_id uuid, identifier text, ip text, reason text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    waiting integer := sign_in_wait(user_id, identifier, ip);
BEGIN
    PERFORM throttle_failure('account', account_key(user_id, identifier, ip)),
            throttle_failure('address', address_key(ip), 30, interval '1 minute');
    PERFORM audit('auth.sign_in_failed', 'user', user_id, NULL, jsonb_build_object('reason', reason));
    RETURN waiting;
END $$;

-- Takes on the identity for the rest of the transaction, so that what is written names who and which session.
CREATE OR REPLACE FUNCTION become(user_id uuid, session uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT set_config('app.user_id', u.id::text, true), set_config('app.session_id', session::text, true),
           set_config('app.role', coalesce(u.role::text, ''), true)
      FROM users u WHERE u.id = become.user_id
$$;

-- More than this many live sessions of one account: the one unused for longest ends.
CREATE OR REPLACE FUNCTION sessions_limit(user_id uuid, at_most integer) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE user_sessions SET revoked_at = clock_timestamp(), revoked_reason = 'limit'
     WHERE id IN (SELECT s.id FROM user_sessions s WHERE s.user_id = sessions_limit.user_id AND s.revoked_at IS NULL
                   ORDER BY s.last_used_at DESC, s.id DESC OFFSET at_most)
$$;

-- The password was right. outcome: opened | throttled | deactivated | password_changed (meanwhile: it was not judged by `judged_hash`, the one
-- there is now; NULL: somebody else vouches) | code_wrong (second factor; counted here). Never raises.
CREATE OR REPLACE FUNCTION sign_in_open(user_id uuid, identifier text, ip text, session uuid, token_hash bytea, device_name text,
                                        user_agent text, idle interval, absolute interval, new_hash text,
                                        step bigint, recovery_hash bytea, judged_hash text)
RETURNS TABLE (outcome text, wait integer, role text, refresh_expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    u users;
    waiting integer := sign_in_wait(sign_in_open.user_id, identifier, sign_in_open.ip);
BEGIN
    SELECT * INTO STRICT u FROM users WHERE id = sign_in_open.user_id FOR NO KEY UPDATE;
    IF waiting > 0 OR NOT u.is_active THEN
        RETURN QUERY SELECT CASE WHEN waiting > 0 THEN 'throttled' ELSE 'deactivated' END, waiting, NULL, NULL::timestamptz;
        RETURN;
    END IF;
    IF u.password_hash <> judged_hash THEN
        RETURN QUERY SELECT 'password_changed', 0, NULL, NULL::timestamptz;
        RETURN;
    END IF;
    IF u.totp_enabled AND NOT code_spend(u.id, step, recovery_hash) THEN
        PERFORM sign_in_failed(u.id, identifier, sign_in_open.ip, 'auth.totp_invalid');
        RETURN QUERY SELECT 'code_wrong', 0, NULL, NULL::timestamptz;
        RETURN;
    END IF;
    PERFORM become(u.id, session), throttle_clear('account', account_key(u.id, identifier, sign_in_open.ip));
    UPDATE users SET password_hash = new_hash WHERE id = u.id AND new_hash IS NOT NULL;
    PERFORM session_open(u.id, session, token_hash, sign_in_open.device_name, sign_in_open.user_agent, sign_in_open.ip, idle, absolute),
            sessions_limit(u.id, 20);
    PERFORM audit('auth.signed_in', 'session', session, NULL, CASE WHEN u.deletion_scheduled_at IS NOT NULL
                  THEN '{"deletion_cancelled": true}'::jsonb ELSE '{}' END);
    RETURN QUERY SELECT 'opened', 0, u.role::text, s.idle_expires_at FROM user_sessions s WHERE s.id = session;
END $$;

-- A new account with its first session.
CREATE OR REPLACE FUNCTION account_register(email text, password_hash text, first_name text, last_name text, phone_number text,
                                            language text, timezone text, ip text, session uuid, token_hash bytea,
                                            user_agent text, idle interval, absolute interval)
RETURNS TABLE (user_id uuid, refresh_expires_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    new_id uuid;
BEGIN
    INSERT INTO users (email, password_hash, first_name, last_name, phone_number, language, timezone, password_changed_at)
    VALUES (account_register.email, account_register.password_hash, btrim(account_register.first_name),
            btrim(account_register.last_name), account_register.phone_number, coalesce(account_register.language, 'km'),
            coalesce(account_register.timezone, 'Asia/Phnom_Penh'), now())
    RETURNING id INTO new_id;
    PERFORM become(new_id, session);
    PERFORM session_open(new_id, session, token_hash, NULL, account_register.user_agent, account_register.ip, idle, absolute);
    PERFORM audit('account.registered', 'user', new_id, NULL);
    RETURN QUERY SELECT new_id, s.idle_expires_at FROM user_sessions s WHERE s.id = session;
END $$;

-- Rotation with its trace; see session_rotate for the outcomes.
CREATE OR REPLACE FUNCTION session_refresh(session uuid, presented bytea, next bytea, idle interval)
RETURNS TABLE (outcome text, user_id uuid, role text, generation integer, refresh_expires_at timestamptz, reason text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    r record;
BEGIN
    SELECT * INTO r FROM session_rotate(session, presented, next, idle);
    IF r.outcome = 'reused' THEN
        PERFORM become(r.user_id, session);
        PERFORM audit('auth.token_reused', 'session', session, NULL);
    END IF;
    RETURN QUERY SELECT r.outcome, r.user_id, r.role, r.generation, least(r.idle_expires_at, r.expires_at),
                        CASE WHEN r.outcome IN ('reused', 'ended') THEN coalesce(r.revoked_reason, 'expired') END;
END $$;

GRANT EXECUTE ON FUNCTION sign_in_find(text, text), sign_in_wait(uuid, text, text), sign_in_failed(uuid, text, text, text),
      sign_in_open(uuid, text, text, uuid, bytea, text, text, interval, interval, text, bigint, bytea, text),
      account_register(text, text, text, text, text, text, text, text, uuid, bytea, text, interval, interval),
      session_refresh(uuid, bytea, bytea, interval) TO dastern_auth;

-- An account for a person that an outside provider vouches for. outcome: known | linked | made, with the account; or
-- email_in_use (the address belongs to an account, and not both sides have verified it), email_unverified (nobody has).
CREATE OR REPLACE FUNCTION identity_find(provider text, subject text, email text, email_verified boolean, first_name text, last_name text)
RETURNS TABLE (outcome text, user_id uuid, totp_enabled boolean, totp_sealed bytea, totp_last_step bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    who users;
    result text := 'known';
BEGIN
    SELECT u.* INTO who FROM auth_identities i JOIN users u ON u.id = i.user_id
     WHERE i.provider = identity_find.provider AND i.subject = identity_find.subject;
    IF who.id IS NULL AND identity_find.email IS NULL OR who.id IS NULL AND NOT identity_find.email_verified THEN
        result := 'email_unverified';
        IF EXISTS (SELECT FROM users u WHERE lower(u.email) = lower(identity_find.email)) THEN
            result := 'email_in_use';
        END IF;
    ELSIF who.id IS NULL THEN
        SELECT u.* INTO who FROM users u WHERE lower(u.email) = lower(identity_find.email) FOR NO KEY UPDATE;
        IF who.id IS NOT NULL AND NOT who.email_verified THEN
            result := 'email_in_use';
            who := NULL;
        ELSIF who.id IS NOT NULL THEN
            result := 'linked';
        ELSE
            result := 'made';
            INSERT INTO users (email, email_verified, first_name, last_name)
            VALUES (lower(identity_find.email), true, coalesce(left(btrim(identity_find.first_name), 100), '-'),
                    coalesce(left(btrim(identity_find.last_name), 100), '-'))
            RETURNING * INTO who;
        END IF;
        IF who.id IS NOT NULL THEN
            INSERT INTO auth_identities (user_id, provider, subject, email, email_verified)
            VALUES (who.id, identity_find.provider, identity_find.subject, identity_find.email, true);
            PERFORM audit('account.identity_' || result, 'user', who.id, NULL, jsonb_build_object('provider', identity_find.provider));
        END IF;
    END IF;
    UPDATE auth_identities i SET last_login_at = now() WHERE i.provider = identity_find.provider AND i.subject = identity_find.subject;
    RETURN QUERY SELECT result, who.id, coalesce(who.totp_enabled, false), t.sealed, t.last_counter
                   FROM (SELECT) AS one LEFT JOIN totp_secrets t ON t.user_id = who.id;
END $$;

GRANT EXECUTE ON FUNCTION identity_find(text, text, text, boolean, text, text) TO dastern_auth;
