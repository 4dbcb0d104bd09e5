-- Who is asking: set for one transaction by enter(), read by every policy and function.

-- Refuses with a problem the client sees: status as DTnnn, code as the constraint's name, extra members as detail.
CREATE OR REPLACE FUNCTION refuse(state text, code text, message text, detail jsonb DEFAULT NULL) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '%', message USING ERRCODE = state, CONSTRAINT = code, DETAIL = coalesce(detail::text, '');
END $$;

-- After a transaction a setting made in it reads '' rather than NULL, hence nullif.
CREATE OR REPLACE FUNCTION app_user_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;

CREATE OR REPLACE FUNCTION app_session_id() RETURNS uuid
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.session_id', true), '')::uuid $$;

CREATE OR REPLACE FUNCTION app_role() RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$ SELECT nullif(current_setting('app.role', true), '') $$;

-- What a person has to do next before the account is complete; NULL when nothing.
CREATE OR REPLACE FUNCTION next_step(status onboarding_status) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE status WHEN 'pending' THEN 'select_role' WHEN 'active' THEN NULL ELSE 'complete_profile' END
$$;

-- What a role's profile is made of, and what it cannot do without.
CREATE OR REPLACE FUNCTION profile_fields(role user_role) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE role
        WHEN 'patient' THEN '{date_of_birth,gender,blood_type,allergies,conditions,emergency_contact,meal_times}'::text[]
        WHEN 'doctor' THEN '{license_number,specialization,hospital_name,years_of_experience}'
        ELSE '{relationship}' END
$$;

CREATE OR REPLACE FUNCTION profile_required(role user_role) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$
    SELECT CASE role WHEN 'patient' THEN '{date_of_birth}'::text[] WHEN 'doctor' THEN profile_fields(role) ELSE '{}' END
$$;

-- Those of `names` that a profile, as in the contract, does not hold, in their order.
CREATE OR REPLACE FUNCTION profile_missing(profile jsonb, names text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT ARRAY(SELECT f.name FROM unnest(names) WITH ORDINALITY AS f (name, position) WHERE profile ->> f.name IS NULL ORDER BY f.position) $$;

-- The next step with the fields that are still missing, and which of them it cannot do without, as members of a refusal.
CREATE OR REPLACE FUNCTION onboarding_wants(who uuid) RETURNS jsonb
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT jsonb_build_object('next_step', next_step(u.onboarding_status), 'fields', w.fields, 'required', w.required)
      FROM users u
      LEFT JOIN profile_drafts d ON d.user_id = u.id
     CROSS JOIN LATERAL (SELECT CASE u.onboarding_status WHEN 'active' THEN '{}' WHEN 'pending' THEN '{role}'
                                     ELSE profile_missing(coalesce(d.fields, '{}'), profile_fields(u.role)) END AS fields,
                                CASE u.onboarding_status WHEN 'active' THEN '{}' WHEN 'pending' THEN '{role}'
                                     ELSE profile_missing(coalesce(d.fields, '{}'), profile_required(u.role)) END AS required) AS w
     WHERE u.id = who
$$;

-- Checks the session and takes on its identity until the end of the transaction. `roles` NULL or empty: any role.
-- The role comes from the account, not from the token, so a change of role counts at once. Returns the language of the account.
CREATE OR REPLACE FUNCTION enter(session uuid, user_id uuid, roles text[], need_active boolean, request_id text, ip text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    who record;
    settled text;
BEGIN
    SELECT coalesce(u.role::text, '') AS role, u.onboarding_status AS status, u.language INTO who
      FROM user_sessions s JOIN users u ON u.id = s.user_id
     WHERE s.id = enter.session AND u.id = enter.user_id AND s.revoked_at IS NULL
       AND s.expires_at > now() AND s.idle_expires_at > now() AND u.is_active;
    IF NOT FOUND THEN
        -- The token was signed by us, so this is the session's owner, who may know why.
        PERFORM refuse('DT401', 'auth.session_ended', 'This session has ended; sign in again.',
                       (SELECT jsonb_build_object('reason', coalesce(s.revoked_reason, 'expired')) FROM user_sessions s
                         WHERE s.id = enter.session AND s.user_id = enter.user_id));
    END IF;
    IF need_active AND who.status <> 'active' THEN
        PERFORM refuse('DT403', 'onboarding.incomplete', 'Complete the account first.',
                       onboarding_wants(enter.user_id));
    END IF;
    IF who.role <> ALL (roles) AND cardinality(roles) > 0 THEN
        PERFORM refuse('DT403', 'auth.role_not_allowed', 'Your role may not do this.',
                       onboarding_wants(enter.user_id));
    END IF;
    -- An assignment, because plpgsql runs a lone expression several times faster than a PERFORM.
    settled := set_config('app.user_id', enter.user_id::text, true) || set_config('app.session_id', session::text, true)
               || set_config('app.role', who.role, true) || set_config('app.request_id', coalesce(enter.request_id, ''), true)
               || set_config('app.ip', coalesce(enter.ip, ''), true);
    RETURN who.language;
END $$;

-- Identity of the person a background job works for: rights are judged when it runs, not when it was asked for.
CREATE OR REPLACE FUNCTION act_as(user_id uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    who text;
BEGIN
    SELECT coalesce(u.role::text, '') INTO who FROM users u WHERE u.id = act_as.user_id AND u.is_active;
    IF NOT FOUND THEN
        PERFORM refuse('DT404', 'not_found', 'There is no such thing here.');
    END IF;
    PERFORM set_config('app.user_id', act_as.user_id::text, true), set_config('app.session_id', '', true),
            set_config('app.role', who, true), set_config('app.request_id', '', true), set_config('app.ip', '', true);
END $$;
