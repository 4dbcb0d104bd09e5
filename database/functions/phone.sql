-- Proof of a phone number by a code in a text message. Six digits can be guessed, so unlike a mailed code it counts for one account
-- only, dies after five tries, and there are few of them a day for one account and for one number.

-- A text message of the catalogue. Only the number to be proved and numbers that were proved get any.
CREATE OR REPLACE FUNCTION account_sms(user_id uuid, number text, template text, values_ jsonb DEFAULT '{}', key text DEFAULT NULL,
                                       sealed bytea DEFAULT NULL) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    INSERT INTO outbox (kind, user_id, dedupe_key, sealed, payload, priority)
    VALUES ('sms', user_id, key, sealed, jsonb_build_object('template', template, 'to', number, 'values', values_), 10)
$$;

-- The number before this one: its holder hears of the change there, too, if it had been proved.
CREATE OR REPLACE FUNCTION phone_left(who users) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM account_mail(who.id, who.email, 'account.phone_changed');
    IF who.phone_verified THEN
        PERFORM account_sms(who.id, who.phone_number, 'account.phone_changed');
    END IF;
END $$;

-- Sends a code to the number the caller wants: five a day for an account, ten for a number. Returns the seconds to wait when that is too
-- often, else 0. Whether somebody else has the number is said at the proof, not here.
CREATE OR REPLACE FUNCTION phone_code_issue(number text, code_hash bytea, key text, sealed bytea) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    waiting integer;
BEGIN
    -- Two accounts that want the same number count its codes one after the other.
    PERFORM pg_advisory_xact_lock(hashtextextended('phone ' || number, 0));
    PERFORM 1 FROM users u WHERE u.id = app_user_id() FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM users u WHERE u.id = app_user_id() AND u.phone_verified AND u.phone_number = number) THEN
        PERFORM refuse('DT409', 'phone.already_verified', 'This phone number has already been confirmed.');
    END IF;
    waiting := code_wait(app_user_id(), '{phone_change}', number, 5, 10);
    RETURN CASE WHEN waiting > 0 THEN waiting
                ELSE code_issue(app_user_id(), 'phone_change', number, code_hash, 'account.phone_code', key, sealed) END;
END $$;

-- Counted before it is compared, in a transaction of its own: guesses sent all at once get no more tries than guesses sent one by one.
CREATE OR REPLACE FUNCTION phone_code_try() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    UPDATE verification_codes SET attempts = attempts + 1
     WHERE user_id = app_user_id() AND purpose = 'phone_change' AND used_at IS NULL
$$;

-- The number becomes the caller's. Who had it without proof loses it and hears of that; who proved it keeps it (user.phone_taken).
-- False: the code is wrong, used, too old, or was tried too often.
CREATE OR REPLACE FUNCTION phone_prove(code_hash bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    me users;
    code verification_codes;
    squatter users;
BEGIN
    SELECT * INTO STRICT me FROM users u WHERE u.id = app_user_id() FOR NO KEY UPDATE;
    SELECT c.* INTO code FROM verification_codes c
     WHERE c.user_id = me.id AND c.purpose = 'phone_change' AND c.used_at IS NULL AND c.expires_at > now()
       AND c.attempts BETWEEN 1 AND c.max_attempts AND c.code_hash = phone_prove.code_hash
       FOR UPDATE;
    IF code.id IS NULL THEN
        RETURN false;
    END IF;
    UPDATE verification_codes c SET used_at = now() WHERE c.id = code.id;
    SELECT u.* INTO squatter FROM users u
     WHERE u.phone_number = code.target AND u.id <> me.id AND NOT u.phone_verified FOR NO KEY UPDATE;
    IF FOUND THEN
        UPDATE users u SET phone_number = NULL WHERE u.id = squatter.id;
        PERFORM phone_left(squatter);
        PERFORM audit('account.phone_lost', 'user', squatter.id, NULL);
    END IF;
    IF me.phone_number IS DISTINCT FROM code.target THEN
        PERFORM phone_left(me);
    END IF;
    UPDATE users u SET phone_number = code.target, phone_verified = true WHERE u.id = me.id;
    PERFORM audit('account.phone_proved', 'user', me.id, NULL);
    RETURN true;
END $$;

GRANT EXECUTE ON FUNCTION phone_code_issue(text, bytea, text, bytea), phone_code_try(), phone_prove(bytea), phone_left(users) TO dastern_auth;
