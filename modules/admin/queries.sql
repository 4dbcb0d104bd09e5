-- Administration: accounts, doctors' verification, the log, the queues. No health data, no secrets: the role has no grant for them.

-- name: admin_list_users
WITH seen AS MATERIALIZED (SELECT admin_looked('users'))
SELECT u.id, u.email, u.phone_number, u.role::text AS role, u.onboarding_status::text AS status, u.first_name, u.last_name, u.is_active,
       u.deactivated_reason, u.email_verified, u.totp_enabled, d.verification_status, u.deletion_scheduled_at, u.last_login_at, u.created_at,
       u.id AS _cursor_1
  FROM seen, users u LEFT JOIN doctor_profiles d ON d.user_id = u.id
 WHERE u.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
   AND (:role::text IS NULL OR u.role::text = :role)
   AND (:status::text IS NULL OR u.onboarding_status::text = :status)
   AND (:is_active::boolean IS NULL OR u.is_active = :is_active::boolean)
   AND (:verification_status::text IS NULL OR d.verification_status = :verification_status)
   AND (:q::text IS NULL OR position(lower(:q) IN lower(concat_ws(' ', u.email, u.phone_number, u.first_name, u.last_name))) > 0)
 ORDER BY u.id DESC LIMIT :limit::int + 1

-- name: admin_get_user
SELECT u.id, u.email, u.phone_number, u.role::text AS role, u.onboarding_status::text AS status, u.first_name, u.last_name, u.is_active,
       u.deactivated_reason, u.email_verified, u.totp_enabled, u.deletion_scheduled_at, u.last_login_at, u.created_at,
       CASE WHEN d.user_id IS NOT NULL THEN jsonb_build_object('license_number', d.license_number, 'specialization', d.specialization,
           'hospital_name', d.hospital_name, 'years_of_experience', d.years_of_experience, 'verification_status', d.verification_status,
           'verified_at', d.verified_at, 'verified_by', d.verified_by, 'rejection_reason', d.rejection_reason) END AS doctor
  FROM users u LEFT JOIN doctor_profiles d ON d.user_id = u.id WHERE u.id = :id::uuid

-- name: admin_view_user
SELECT admin_looked('user', :id::uuid)

-- name: admin_change_user
SELECT admin_change_user(:id::uuid, :is_active::boolean, :reason::text)

-- name: admin_grant_role
SELECT admin_grant_role(:id::uuid, :role::text)

-- name: admin_verify_doctor
SELECT admin_judge_doctor(:id::uuid, true, NULL)

-- name: admin_reject_doctor
SELECT admin_judge_doctor(:id::uuid, false, :reason::text)

-- name: admin_list_audit_logs
WITH seen AS MATERIALIZED (SELECT admin_looked('audit_logs'))
SELECT a.id, a.created_at AS at, a.user_id, a.role, a.action, a.resource_type, a.resource_id, a.patient_id, a.session_id, a.request_id, a.ip, a.detail,
       a.created_at AS _cursor_1, a.id AS _cursor_2
  FROM seen, audit_logs a
 WHERE (a.created_at, a.id) < (coalesce(:cursor_1::timestamptz, 'infinity'), coalesce(:cursor_2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
   AND (:user_id::uuid IS NULL OR a.user_id = :user_id::uuid)
   AND (:patient_id::uuid IS NULL OR a.patient_id = :patient_id::uuid)
   AND (:resource_id::uuid IS NULL OR a.resource_id = :resource_id::uuid)
   AND (:action::text IS NULL OR a.action = :action)
   AND a.created_at >= coalesce(:from::timestamptz, '-infinity') AND a.created_at < coalesce(:to::timestamptz, 'infinity')
 ORDER BY a.created_at DESC, a.id DESC LIMIT :limit::int + 1

-- name: admin_list_queues
SELECT queue, status, count, oldest_seconds FROM queue_depths() ORDER BY queue, status

-- name: admin_list_jobs
SELECT id, queue, kind, status, attempts, max_attempts, last_error, created_at, run_after, completed_at, id AS _cursor_1
  FROM admin_jobs(:queue::text, coalesce(:status::text, 'dead'))
 WHERE id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY id DESC LIMIT :limit::int + 1

-- name: admin_retry_job
SELECT true AS retried WHERE admin_retry_job(:id::uuid)

-- name: admin_statistics
SELECT s.users, s.prescriptions, s.doses_today, s.sessions FROM admin_statistics() AS s
