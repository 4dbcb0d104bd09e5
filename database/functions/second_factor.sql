-- The second factor: one secret per account, sealed by the auth module; ten recovery codes, hashed. Every code counts once.

-- Spends the app's code of this step or this recovery code. False: neither given, or used before.
CREATE OR REPLACE FUNCTION code_spend(user_id uuid, step bigint, recovery_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF step IS NOT NULL THEN
        UPDATE totp_secrets t SET last_counter = step WHERE t.user_id = code_spend.user_id AND coalesce(t.last_counter, -1) < step;
    ELSE
        UPDATE recovery_codes c SET used_at = now()
         WHERE c.user_id = code_spend.user_id AND c.code_hash = recovery_hash AND c.used_at IS NULL;
    END IF;
    RETURN FOUND;
END $$;

CREATE OR REPLACE FUNCTION totp_enrol(sealed bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM require_step_up();
    INSERT INTO totp_secrets AS t (user_id, sealed, key_id) VALUES (app_user_id(), totp_enrol.sealed, '1')
    ON CONFLICT (user_id) DO UPDATE SET sealed = excluded.sealed, key_id = excluded.key_id, last_counter = NULL, created_at = now()
     WHERE t.confirmed_at IS NULL;
    IF NOT FOUND THEN
        PERFORM refuse('DT409', 'totp.already_enabled', 'The second factor is already on.');
    END IF;
END $$;

CREATE OR REPLACE FUNCTION totp_confirm(step bigint, hashes bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    address text;
BEGIN
    UPDATE totp_secrets SET confirmed_at = now(), last_counter = step WHERE user_id = app_user_id() AND confirmed_at IS NULL;
    IF NOT FOUND THEN
        PERFORM refuse('DT409', 'totp.already_enabled', 'The second factor is already on.');
    END IF;
    DELETE FROM recovery_codes WHERE user_id = app_user_id();
    INSERT INTO recovery_codes (user_id, code_hash) SELECT app_user_id(), unnest(hashes);
    UPDATE users SET totp_enabled = true WHERE id = app_user_id() RETURNING email INTO address;
    PERFORM account_mail(app_user_id(), address, 'account.totp_on'), step_up();
    PERFORM audit('account.totp_on', 'user', app_user_id(), NULL);
END $$;

CREATE OR REPLACE FUNCTION totp_remove() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    address text;
BEGIN
    DELETE FROM totp_secrets WHERE user_id = app_user_id() AND confirmed_at IS NOT NULL;
    IF NOT FOUND THEN
        PERFORM refuse('DT409', 'totp.not_enabled', 'There is no second factor to remove.');
    END IF;
    DELETE FROM recovery_codes WHERE user_id = app_user_id();
    UPDATE users SET totp_enabled = false WHERE id = app_user_id() RETURNING email INTO address;
    PERFORM account_mail(app_user_id(), address, 'account.totp_off'), step_up();
    PERFORM audit('account.totp_off', 'user', app_user_id(), NULL);
END $$;

GRANT EXECUTE ON FUNCTION code_spend(uuid, bigint, bytea), totp_enrol(bytea), totp_confirm(bigint, bytea[]), totp_remove() TO dastern_auth;
