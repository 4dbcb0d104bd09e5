-- Accounts, sign-in and sessions. The decisions are in database/functions/{sign_in,sessions,user_account,second_factor,recovery,account_rights}.sql.

-- name: register_account
SELECT user_id, refresh_expires_at
  FROM account_register(:email::text, :password_hash::text, :first_name::text, :last_name::text, :phone_number::text,
                        :language::text, :timezone::text, :ip::text, :session::uuid, :token_hash::bytea, :user_agent::text,
                        :idle::interval, :absolute::interval)

-- name: get_account
SELECT id, email, role, status, first_name, last_name, phone_number, language, timezone, subscription_tier, email_verified,
       created_at, next_step
  FROM accounts WHERE id = :account::uuid

-- name: find_sign_in
SELECT user_id, password_hash, totp_enabled, totp_sealed, totp_last_step, wait FROM sign_in_find(:identifier::text, :ip::text)

-- name: sign_in_failed
SELECT sign_in_failed(:user::uuid, :identifier::text, :ip::text, :reason::text) AS wait

-- name: sign_in_open
SELECT outcome, wait, role, refresh_expires_at
  FROM sign_in_open(:user::uuid, :identifier::text, :ip::text, :session::uuid, :token_hash::bytea, :device_name::text,
                    :user_agent::text, :idle::interval, :absolute::interval, :new_hash::text, :step::bigint, :recovery_hash::bytea,
                    :judged_hash::text)

-- name: refresh_session
SELECT outcome, user_id, role, generation, refresh_expires_at, reason
  FROM session_refresh(:session::uuid, :presented::bytea, :next::bytea, :idle::interval)

-- name: logout
SELECT true AS ended, audit('auth.signed_out', 'session', app_session_id(), NULL)
 WHERE session_revoke(app_session_id(), 'logout')

-- name: list_sessions
SELECT s.id, s.device_name, s.user_agent, host(s.ip) AS ip, s.created_at, s.last_used_at,
       least(s.idle_expires_at, s.expires_at) AS expires_at, s.id = app_session_id() AS current,
       coalesce(s.revoked_at, CASE WHEN least(s.idle_expires_at, s.expires_at) <= now() THEN least(s.idle_expires_at, s.expires_at) END) AS ended_at,
       coalesce(s.revoked_reason, CASE WHEN least(s.idle_expires_at, s.expires_at) <= now() THEN 'expired' END) AS ended_reason,
       s.id AS _cursor_1
  FROM user_sessions s
 WHERE s.user_id = app_user_id() AND s.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
   AND (coalesce(:ended::boolean, false) OR s.revoked_at IS NULL AND least(s.idle_expires_at, s.expires_at) > now())
 ORDER BY s.id DESC LIMIT :limit::int + 1

-- name: end_session
SELECT true AS ended, audit('auth.session_ended', 'session', s.id, NULL)
  FROM user_sessions s
 WHERE s.id = :id::uuid AND CASE WHEN s.user_id = app_user_id() THEN session_revoke(s.id, 'ended') END

-- name: end_other_sessions
SELECT sessions_revoke_all(app_user_id(), 'ended', app_session_id()) AS ended, audit('auth.other_sessions_ended', 'user', app_user_id(), NULL)

-- name: get_me
SELECT a.id, a.email, a.role, a.status, a.first_name, a.last_name, a.phone_number, a.language, a.timezone, a.subscription_tier,
       a.email_verified, a.phone_verified, a.created_at, a.next_step, account_profile(a.id) AS profile,
       (SELECT coalesce(jsonb_object_agg(t.type, t.channels), '{}')
          FROM (SELECT type, jsonb_object_agg(channel, enabled) AS channels FROM notification_preferences
                 WHERE user_id = a.id GROUP BY type) t) AS notification_preferences,
       account_etag(a.id) AS _etag
  FROM accounts a WHERE a.id = app_user_id()

-- name: find_preference_faults
SELECT pointer, is_unknown FROM preference_faults(:notification_preferences::jsonb)

-- name: change_me
SELECT account_change(
    CASE WHEN :has_first_name::boolean THEN jsonb_build_object('first_name', :first_name::text) ELSE '{}' END
    || CASE WHEN :has_last_name::boolean THEN jsonb_build_object('last_name', :last_name::text) ELSE '{}' END
    || CASE WHEN :has_phone_number::boolean THEN jsonb_build_object('phone_number', :phone_number::text) ELSE '{}' END
    || CASE WHEN :has_language::boolean THEN jsonb_build_object('language', :language::text) ELSE '{}' END
    || CASE WHEN :has_timezone::boolean THEN jsonb_build_object('timezone', :timezone::text) ELSE '{}' END
    || CASE WHEN :has_notification_preferences::boolean
            THEN jsonb_build_object('notification_preferences', :notification_preferences::jsonb) ELSE '{}' END, :if_match::text)

-- name: choose_role
SELECT account_choose_role(:role::text)

-- name: get_my_role
SELECT u.role::text AS role, onboarding_wants(u.id)::text AS wants FROM users u WHERE u.id = app_user_id()

-- name: put_patient_profile
SELECT account_patient_profile(jsonb_build_object('date_of_birth', :date_of_birth::text, 'gender', :gender::text,
    'blood_type', :blood_type::text, 'allergies', :allergies::jsonb, 'conditions', :conditions::jsonb,
    'emergency_contact', :emergency_contact::jsonb, 'meal_times', :meal_times::jsonb))
  FROM unchanged_account(:if_match::text)

-- name: put_doctor_profile
SELECT account_doctor_profile(jsonb_build_object('license_number', :license_number::text, 'specialization', :specialization::text,
    'hospital_name', :hospital_name::text, 'years_of_experience', :years_of_experience::int))
  FROM unchanged_account(:if_match::text)

-- name: put_family_profile
SELECT account_family_profile(jsonb_build_object('relationship', :relationship::text)) FROM unchanged_account(:if_match::text)

-- name: change_profile
SELECT account_profile_change(:body::jsonb, :if_match::text)

-- name: find_own_password
SELECT u.password_hash, u.email, u.first_name, u.last_name, sign_in_wait(u.id, NULL, :ip::text) AS wait
  FROM users u WHERE u.id = app_user_id()

-- name: change_password
SELECT password_change(:judged_hash::text, :new_hash::text)

-- name: step_up
SELECT step_up(), audit('auth.stepped_up', 'session', app_session_id(), NULL)

-- name: forgot_password
SELECT recovery_start(:identifier::text, :ip::text, :code_hash::bytea, :key::text, :sealed::bytea)

-- name: find_recovery
SELECT email, first_name, last_name FROM recovery_find(:code_hash::bytea, :ip::text)

-- name: reset_password
SELECT recovery_finish(:code_hash::bytea, :ip::text, :new_hash::text) AS done

-- name: send_email_code
SELECT code_issue(u.id, 'email_verify', u.email, :code_hash::bytea, 'account.verify_email', :key::text, :sealed::bytea) AS wait
  FROM users u WHERE u.id = app_user_id() AND NOT u.email_verified

-- An address that somebody else has is found out at the proof, not here: this answer tells nobody who has an account.
-- name: change_email
SELECT code_issue(app_user_id(), 'email_change', :email::text, :code_hash::bytea, 'account.change_email', :key::text, :sealed::bytea) AS wait

-- name: verify_email
SELECT email_prove(:code_hash::bytea, :ip::text) AS proved

-- name: send_phone_code
SELECT phone_code_issue(:phone_number::text, :code_hash::bytea, :key::text, :sealed::bytea) AS wait

-- name: try_phone_code
SELECT phone_code_try()

-- name: prove_phone
SELECT phone_prove(:code_hash::bytea) AS proved

-- name: find_own_totp
SELECT u.totp_enabled AS enabled, t.sealed AS totp_sealed, t.last_counter AS totp_last_step, sign_in_wait(u.id, NULL, :ip::text) AS wait
  FROM users u LEFT JOIN totp_secrets t ON t.user_id = u.id WHERE u.id = app_user_id()

-- name: spend_own_code
SELECT code_spend(app_user_id(), :step::bigint, :recovery_hash::bytea) AS spent

-- name: enrol_totp
SELECT totp_enrol(:sealed::bytea)

-- name: confirm_totp
SELECT totp_confirm(:step::bigint, :hashes::bytea[])

-- name: remove_totp
SELECT totp_remove()

-- `by.name` is told, because it is the person's own data that was looked at. `through` is the right it was done by.
-- name: list_access_log
SELECT a.id, a.created_at AS at, a.action, a.resource_type, a.resource_id,
       a.user_id AS "by.id", CASE WHEN a.user_id <> app_user_id() THEN u.first_name || ' ' || u.last_name END AS "by.name", a.role AS "by.role",
       CASE WHEN a.user_id = app_user_id() THEN 'self' WHEN a.user_id IS NULL THEN 'system' WHEN a.role = 'family_member' THEN 'family_link'
            WHEN a.role = 'doctor' THEN 'doctor_link' ELSE a.role END AS through,
       CASE WHEN a.user_id = app_user_id() THEN a.ip END AS ip,
       a.created_at AS _cursor_1, a.id AS _cursor_2
  FROM audit_logs a LEFT JOIN users u ON u.id = a.user_id
 WHERE (a.patient_id = app_user_id() OR a.user_id = app_user_id())
   AND (NOT coalesce(:others::boolean, false) OR a.user_id IS DISTINCT FROM app_user_id())
   AND (a.created_at, a.id) < (coalesce(:cursor_1::timestamptz, 'infinity'), coalesce(:cursor_2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY a.created_at DESC, a.id DESC LIMIT :limit::int + 1

-- name: export_me
SELECT account_export() AS export

-- name: delete_me
SELECT account_delete() AS deletion_scheduled_at

-- name: erase_next_account
SELECT account_erase_next() AS erased

-- name: find_identity
SELECT outcome, user_id, totp_enabled, totp_sealed, totp_last_step
  FROM identity_find('google', :subject::text, :email::text, :email_verified::boolean, :first_name::text, :last_name::text)

-- name: request_export
SELECT j.id, 'queued' AS status, j.created_at, NULL::timestamptz AS completed_at, NULL::text AS url, '/api/v1/auth/me/exports/' || j.id AS _location
  FROM (SELECT export_request() AS id, now() AS created_at) j

-- name: get_export
SELECT j.id, CASE j.status WHEN 'dead' THEN 'error' ELSE j.status END AS status, j.created_at, j.completed_at,
       CASE j.status WHEN 'done' THEN '/api/v1/auth/me/exports/' || j.id || '/file' END AS url
  FROM jobs j WHERE j.id = :id::uuid AND j.user_id = app_user_id() AND j.kind = 'export'

-- name: find_export_file
SELECT export_file(:id::uuid) || '.export.zip' AS name

-- name: export_contents
SELECT document, to_jsonb(pictures) AS pictures FROM export_contents(:job::uuid)

-- name: forget_next_export
SELECT export_forget_next() AS id
