-- An account as its owner sees and changes it.

-- The `user` of the REST contract.
CREATE OR REPLACE VIEW accounts WITH (security_invoker = true) AS
SELECT u.id, u.email, u.role::text AS role, u.onboarding_status::text AS status, u.first_name, u.last_name, u.phone_number,
       u.language, u.timezone, u.subscription_tier::text AS subscription_tier, u.email_verified, u.phone_verified, u.created_at,
       next_step(u.onboarding_status) AS next_step
  FROM users u;

-- What the role knows about the person, whole or begun; NULL until given. In plpgsql, which keeps the plan.
CREATE OR REPLACE FUNCTION account_profile(user_id uuid) RETURNS json
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (
    SELECT json_build_object('date_of_birth', p.date_of_birth, 'gender', p.gender, 'blood_type', p.blood_type,
               'allergies', p.allergies, 'conditions', p.conditions,
               'emergency_contact', CASE WHEN p.emergency_contact_name IS NOT NULL
                   THEN json_build_object('name', p.emergency_contact_name, 'phone', p.emergency_contact_phone) END,
               'meal_times', json_build_object('morning', to_char(p.morning_time, 'HH24:MI'), 'noon', to_char(p.noon_time, 'HH24:MI'),
                   'evening', to_char(p.evening_time, 'HH24:MI'), 'night', to_char(p.night_time, 'HH24:MI')))
      FROM patient_profiles p WHERE p.user_id = account_profile.user_id
    UNION ALL
    SELECT json_build_object('license_number', d.license_number, 'specialization', d.specialization, 'hospital_name', d.hospital_name,
               'years_of_experience', d.years_of_experience, 'verified', d.verification_status = 'verified',
               'verification_status', d.verification_status, 'rejection_reason', d.rejection_reason)
      FROM doctor_profiles d WHERE d.user_id = account_profile.user_id
    UNION ALL
    SELECT json_build_object('relationship', f.relationship) FROM family_member_profiles f WHERE f.user_id = account_profile.user_id
    UNION ALL
    SELECT (SELECT json_object_agg(f.name, d.fields -> f.name) FROM unnest(profile_fields(u.role)) AS f (name))
      FROM profile_drafts d JOIN users u ON u.id = d.user_id WHERE d.user_id = account_profile.user_id);
END $$;

CREATE OR REPLACE FUNCTION account_choose_role(role text) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    IF app_role() IS NOT NULL THEN
        PERFORM refuse('DT409', 'onboarding.role_once', 'The role has already been chosen.',
                       onboarding_wants(app_user_id()));
    END IF;
    UPDATE users u SET role = account_choose_role.role::user_role, onboarding_status = 'role_selected'
     WHERE u.id = app_user_id() AND u.role IS NULL;
    IF NOT FOUND THEN -- the twin of this request was quicker
        PERFORM refuse('DT409', 'onboarding.role_once', 'The role has already been chosen.');
    END IF;
    PERFORM set_config('app.role', account_choose_role.role, true);
    PERFORM audit('account.role_chosen', 'user', app_user_id(), NULL, jsonb_build_object('role', account_choose_role.role));
END $$;

-- The profile is there: the account is complete.
CREATE OR REPLACE FUNCTION account_profile_given() RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    DELETE FROM profile_drafts WHERE user_id = app_user_id();
    UPDATE users SET onboarding_status = 'active' WHERE id = app_user_id() AND onboarding_status <> 'active';
    PERFORM audit('account.profile_given', 'user', app_user_id(), CASE app_role() WHEN 'patient' THEN app_user_id() END);
END $$;

-- `profile` as in the contract, already checked for its form.
CREATE OR REPLACE FUNCTION account_patient_profile(profile jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    born date := profile ->> 'date_of_birth';
    contact jsonb := nullif(profile -> 'emergency_contact', 'null');
    meals jsonb := coalesce(nullif(profile -> 'meal_times', 'null'), '{}');
BEGIN
    IF born > (now() AT TIME ZONE (SELECT timezone FROM users WHERE id = app_user_id()))::date THEN
        PERFORM refuse('DT422', 'profile.birth_in_future', 'The date of birth lies in the future.');
    END IF;
    INSERT INTO patient_profiles AS p (user_id, date_of_birth, gender, blood_type, allergies, conditions, emergency_contact_name,
                                       emergency_contact_phone, morning_time, noon_time, evening_time, night_time)
    VALUES (app_user_id(), born, profile ->> 'gender', profile ->> 'blood_type',
            ARRAY(SELECT jsonb_array_elements_text(coalesce(nullif(profile -> 'allergies', 'null'), '[]'))),
            ARRAY(SELECT jsonb_array_elements_text(coalesce(nullif(profile -> 'conditions', 'null'), '[]'))),
            contact ->> 'name', regexp_replace(contact ->> 'phone', '[ ()-]', '', 'g'), coalesce((meals ->> 'morning')::time, '07:00'),
            coalesce((meals ->> 'noon')::time, '12:00'), coalesce((meals ->> 'evening')::time, '18:00'),
            coalesce((meals ->> 'night')::time, '21:00'))
    ON CONFLICT (user_id) DO UPDATE SET date_of_birth = excluded.date_of_birth, gender = excluded.gender,
        blood_type = excluded.blood_type, allergies = excluded.allergies, conditions = excluded.conditions,
        emergency_contact_name = excluded.emergency_contact_name, emergency_contact_phone = excluded.emergency_contact_phone,
        morning_time = excluded.morning_time, noon_time = excluded.noon_time, evening_time = excluded.evening_time,
        night_time = excluded.night_time;
    PERFORM account_profile_given();
END $$;

-- A new licence number or name of a verified doctor is to be verified again.
CREATE OR REPLACE FUNCTION account_doctor_profile(profile jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO doctor_profiles AS d (user_id, license_number, specialization, hospital_name, years_of_experience)
    VALUES (app_user_id(), btrim(profile ->> 'license_number'), btrim(profile ->> 'specialization'), btrim(profile ->> 'hospital_name'),
            (profile ->> 'years_of_experience')::integer)
    ON CONFLICT (user_id) DO UPDATE SET license_number = excluded.license_number, specialization = excluded.specialization,
        hospital_name = excluded.hospital_name, years_of_experience = excluded.years_of_experience,
        verification_status = CASE WHEN d.license_number = excluded.license_number THEN d.verification_status ELSE 'pending' END,
        verified_at = CASE WHEN d.license_number = excluded.license_number THEN d.verified_at END,
        verified_by = CASE WHEN d.license_number = excluded.license_number THEN d.verified_by END;
    PERFORM account_profile_given();
END $$;

CREATE OR REPLACE FUNCTION account_family_profile(profile jsonb) RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO family_member_profiles (user_id, relationship) VALUES (app_user_id(), btrim(profile ->> 'relationship'))
    ON CONFLICT (user_id) DO UPDATE SET relationship = excluded.relationship;
    PERFORM account_profile_given();
END $$;

-- Identifies a state of the account for If-Match. Preferences that are taken back leave no time behind: their number tells.
CREATE OR REPLACE FUNCTION account_etag(user_id uuid) RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (
    SELECT md5(concat_ws(' ', u.updated_at, (SELECT max(p.updated_at) FROM (
               SELECT updated_at FROM patient_profiles WHERE patient_profiles.user_id = u.id
               UNION ALL SELECT updated_at FROM doctor_profiles WHERE doctor_profiles.user_id = u.id
               UNION ALL SELECT updated_at FROM family_member_profiles WHERE family_member_profiles.user_id = u.id
               UNION ALL SELECT updated_at FROM profile_drafts WHERE profile_drafts.user_id = u.id
               UNION ALL SELECT updated_at FROM notification_preferences n WHERE n.user_id = u.id) p),
               (SELECT count(*) FROM notification_preferences n WHERE n.user_id = u.id)))
      FROM users u WHERE u.id = account_etag.user_id);
END $$;

-- The caller's account, if it is still what `if_match` says (NULL: whatever it is); its row is locked.
CREATE OR REPLACE FUNCTION unchanged_account(if_match text) RETURNS users
LANGUAGE plpgsql
AS $$
DECLARE
    u users;
BEGIN
    SELECT * INTO STRICT u FROM users WHERE id = app_user_id() FOR NO KEY UPDATE;
    PERFORM etag_matches(if_match, account_etag(u.id));
    RETURN u;
END $$;

-- Puts `changes` over what is there. A profile that then lacks something it needs rests as a draft, and the account at profile_pending.
CREATE OR REPLACE FUNCTION account_profile_change(changes jsonb, etag text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    u users := unchanged_account(etag);
    whole jsonb;
BEGIN
    whole := coalesce(account_profile(u.id)::jsonb, '{}');
    IF jsonb_typeof(whole -> 'meal_times') = 'object' AND jsonb_typeof(changes -> 'meal_times') = 'object' THEN
        changes := jsonb_set(changes, '{meal_times}', (whole -> 'meal_times') || (changes -> 'meal_times'));
    END IF;
    whole := whole || changes;
    IF cardinality(profile_missing(whole, profile_required(u.role))) > 0 THEN
        INSERT INTO profile_drafts AS d (user_id, fields) VALUES (u.id, whole) ON CONFLICT (user_id) DO UPDATE SET fields = excluded.fields;
        UPDATE users SET onboarding_status = 'profile_pending' WHERE id = u.id AND onboarding_status = 'role_selected';
        PERFORM audit('account.profile_begun', 'user', u.id, CASE u.role WHEN 'patient' THEN u.id END);
    ELSIF u.role = 'patient' THEN
        PERFORM account_patient_profile(whole);
    ELSIF u.role = 'doctor' THEN
        PERFORM account_doctor_profile(whole);
    ELSE
        PERFORM account_family_profile(whole);
    END IF;
END $$;

-- What is wrong in chosen channels ({kind of notice: {channel: wanted}}): JSON pointers from there, `unknown` names and wrong types.
CREATE OR REPLACE FUNCTION preference_faults(chosen jsonb) RETURNS TABLE (pointer text, is_unknown boolean)
LANGUAGE sql STABLE
AS $$
    WITH kind AS (
        SELECT '/' || replace(replace(k.key, '~', '~0'), '/', '~1') AS pointer, k.value, t.type IS NULL AS is_unknown
          FROM jsonb_each(chosen) AS k LEFT JOIN notification_types t ON t.type = k.key
    )
    SELECT k.pointer, k.is_unknown FROM kind k WHERE k.is_unknown OR jsonb_typeof(k.value) <> 'object'
    UNION ALL
    SELECT k.pointer || '/' || replace(replace(c.key, '~', '~0'), '/', '~1'), c.key NOT IN ('in_app', 'email', 'push')
      FROM kind k CROSS JOIN LATERAL jsonb_each(CASE jsonb_typeof(k.value) WHEN 'object' THEN k.value ELSE '{}' END) AS c
     WHERE NOT k.is_unknown AND (c.key NOT IN ('in_app', 'email', 'push') OR jsonb_typeof(c.value) <> 'boolean')
$$;

-- Changes the members that `changes` has.
CREATE OR REPLACE FUNCTION account_change(changes jsonb, etag text) RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    u users := unchanged_account(etag);
BEGIN
    -- People sign in by it: whoever has got hold of a session must not make it theirs, and the person hears of it. A first number is
    -- taken on trust, as at registration; in place of another comes only one that is proved.
    IF changes ? 'phone_number' AND changes ->> 'phone_number' IS DISTINCT FROM u.phone_number THEN
        PERFORM require_step_up();
        IF u.phone_number IS NOT NULL AND changes ->> 'phone_number' IS NOT NULL THEN
            PERFORM refuse('DT409', 'phone.proof_required', 'Another number has to be proved.', '{"next_step": "prove_phone"}');
        END IF;
        PERFORM phone_left(u);
    END IF;
    UPDATE users SET
        first_name = coalesce(btrim(changes ->> 'first_name'), first_name),
        last_name = coalesce(btrim(changes ->> 'last_name'), last_name),
        language = coalesce(changes ->> 'language', language),
        timezone = coalesce(changes ->> 'timezone', timezone),
        phone_number = CASE WHEN changes ? 'phone_number' THEN changes ->> 'phone_number' ELSE phone_number END,
        phone_verified = phone_verified AND NOT (changes ? 'phone_number' AND changes ->> 'phone_number' IS DISTINCT FROM phone_number)
     WHERE id = u.id;
    INSERT INTO notification_preferences (user_id, type, channel, enabled)
    SELECT u.id, t.key, c.key, c.value::boolean
      FROM jsonb_each(coalesce(changes -> 'notification_preferences', '{}')) AS t, jsonb_each(t.value) AS c
    ON CONFLICT (user_id, type, channel) DO UPDATE SET enabled = excluded.enabled;
    PERFORM audit('account.changed', 'user', u.id, NULL, jsonb_build_object('fields', ARRAY(SELECT jsonb_object_keys(changes))));
END $$;

GRANT SELECT ON accounts TO dastern_auth;
GRANT EXECUTE ON FUNCTION account_profile(uuid), account_choose_role(text), account_profile_given(), account_patient_profile(jsonb),
      account_doctor_profile(jsonb), account_family_profile(jsonb), account_profile_change(jsonb, text), profile_fields(user_role),
      profile_required(user_role), profile_missing(jsonb, text[]), account_etag(uuid), etag_matches(text, text), unchanged_account(text), account_change(jsonb, text), preference_faults(jsonb),
      account_mail(uuid, text, text, jsonb, text, bytea) TO dastern_auth;
GRANT EXECUTE ON FUNCTION onboarding_wants(uuid) TO dastern_module; -- the guard of users says what is missing
