-- Acts of administrators: checked again here, each wants a recent proof, each is in the log.

CREATE OR REPLACE FUNCTION admin_looked(what text, id uuid DEFAULT NULL) RETURNS void
LANGUAGE sql
AS $$ SELECT audit('admin.view', what, id, NULL) $$;

CREATE OR REPLACE FUNCTION require_admin() RETURNS void
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    IF app_role() IS DISTINCT FROM 'admin' THEN
        PERFORM refuse('DT403', 'auth.role_not_allowed', 'Your role may not do this.');
    END IF;
    PERFORM require_step_up();
END $$;

-- Deactivating ends every session of the account (trigger of users). Nobody shuts themselves out.
CREATE OR REPLACE FUNCTION admin_change_user(person uuid, active boolean, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM require_admin();
    IF person = app_user_id() THEN
        PERFORM refuse('DT409', 'admin.not_oneself', 'Another administrator has to do this.');
    END IF;
    UPDATE users SET is_active = active, deactivated_reason = CASE WHEN NOT active THEN reason END
     WHERE id = person AND deactivated_reason IS DISTINCT FROM 'erased';
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    END IF;
    PERFORM audit(CASE WHEN active THEN 'admin.user_reactivated' ELSE 'admin.user_deactivated' END, 'user', person, NULL,
                  jsonb_build_object('reason', reason));
END $$;

-- A new role ends every session of the account; the person signs in again as what they now are.
CREATE OR REPLACE FUNCTION admin_grant_role(person uuid, role text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    former user_role;
BEGIN
    PERFORM require_admin();
    IF person = app_user_id() THEN
        PERFORM refuse('DT409', 'admin.not_oneself', 'Another administrator has to do this.');
    END IF;
    SELECT u.role INTO former FROM users u WHERE u.id = person AND u.is_active FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    END IF;
    -- Health data hangs on patients and doctors: an administrator is made from an account that has none.
    IF former IN ('patient', 'doctor', 'family_member') THEN
        PERFORM refuse('DT409', 'admin.role_in_use', 'Only an account without a role can become an administrator.');
    END IF;
    UPDATE users u SET role = admin_grant_role.role::user_role, onboarding_status = 'active' WHERE u.id = person;
    PERFORM sessions_revoke_all(person, 'role_change'),
            audit('admin.role_granted', 'user', person, NULL, jsonb_build_object('role', admin_grant_role.role));
END $$;

CREATE OR REPLACE FUNCTION admin_judge_doctor(doctor uuid, good boolean, reason text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM require_admin();
    UPDATE doctor_profiles SET verification_status = CASE WHEN good THEN 'verified' ELSE 'rejected' END,
           verified_at = CASE WHEN good THEN now() END, verified_by = CASE WHEN good THEN app_user_id() END,
           rejection_reason = reason
     WHERE user_id = doctor;
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    END IF;
    PERFORM audit(CASE WHEN good THEN 'admin.doctor_verified' ELSE 'admin.doctor_rejected' END, 'doctor_profile', doctor, NULL,
                  CASE WHEN good THEN '{}' ELSE jsonb_build_object('reason', reason) END);
END $$;

-- The jobs of all queues, without what they are about. The definer's rights, because the policies of the reading queue ask
-- for prescriptions, which administrators have no business with.
CREATE OR REPLACE FUNCTION admin_jobs(wanted_queue text, wanted_status text)
RETURNS TABLE (id uuid, queue text, kind text, status text, attempts integer, max_attempts integer, last_error text, created_at timestamptz,
               run_after timestamptz, completed_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT q.* FROM (
        SELECT j.id, 'jobs' AS queue, j.kind, j.status, j.attempts, j.max_attempts, j.last_error, j.created_at, j.run_after, j.completed_at
          FROM jobs j
        UNION ALL
        SELECT o.id, 'outbox', o.kind, o.status, o.attempts, o.max_attempts, o.last_error, o.created_at, o.run_after, o.completed_at
          FROM outbox o
        UNION ALL
        SELECT p.id, 'prescription_processing_queue', p.kind, p.status, p.attempts, p.max_attempts, p.last_error, p.created_at, p.run_after, p.completed_at
          FROM prescription_processing_queue p) AS q
     WHERE app_role() = 'admin' AND q.status = wanted_status AND (wanted_queue IS NULL OR q.queue = wanted_queue)
$$;

-- False: there is no dead job of this id.
CREATE OR REPLACE FUNCTION admin_retry_job(job uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF app_role() = 'admin' AND (queue_retry('jobs', job) OR queue_retry('outbox', job) OR queue_retry('prescription_processing_queue', job)) THEN
        PERFORM audit('admin.job_retried', 'job', job, NULL);
        RETURN true;
    END IF;
    RETURN false;
END $$;

-- Sums only; no row of a person.
CREATE OR REPLACE FUNCTION admin_statistics() RETURNS TABLE (users jsonb, prescriptions jsonb, doses_today jsonb, sessions bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT (SELECT coalesce(jsonb_object_agg(k, n), '{}') FROM (SELECT coalesce(u.role::text, 'none') AS k, count(*) AS n FROM users u WHERE u.is_active GROUP BY 1) s),
           (SELECT coalesce(jsonb_object_agg(k, n), '{}') FROM (SELECT p.status::text AS k, count(*) AS n FROM prescriptions p GROUP BY 1) s),
           (SELECT coalesce(jsonb_object_agg(k, n), '{}') FROM (SELECT d.status AS k, count(*) AS n FROM medication_reminder_logs d
                                                             WHERE d.scheduled_date = current_date GROUP BY 1) s),
           (SELECT count(*) FROM user_sessions s WHERE s.revoked_at IS NULL AND least(s.idle_expires_at, s.expires_at) > now())
     WHERE app_role() = 'admin'
$$;

GRANT EXECUTE ON FUNCTION admin_looked(text, uuid), admin_change_user(uuid, boolean, text), admin_grant_role(uuid, text),
      admin_judge_doctor(uuid, boolean, text), admin_statistics(), admin_jobs(text, text), admin_retry_job(uuid) TO dastern_admin;
GRANT SELECT (email_verified, totp_enabled) ON users TO dastern_admin;
