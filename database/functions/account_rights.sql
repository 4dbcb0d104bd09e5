-- Rights over one's data: a copy of everything, its erasure, and who looked at it.

-- Rows of one table as JSON, oldest first; `hidden` columns are secrets (hashes, seals) or say nothing to the person.
CREATE OR REPLACE FUNCTION export_rows(source regclass, key text, person uuid, hidden text[] DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    found jsonb;
BEGIN
    EXECUTE format('SELECT coalesce(jsonb_agg(to_jsonb(t) - $2 ORDER BY t.created_at), ''[]'') FROM %s t WHERE t.%I = $1', source, key)
       INTO found USING person, hidden;
    RETURN found;
END $$;

-- Everything held about a person. Pictures are named by the paths they are fetched from.
CREATE OR REPLACE FUNCTION export_document(me uuid) RETURNS json
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    secret text[] := '{refresh_token,previous_refresh_token,password_hash,code_hash,token_hash,sealed,p256dh,auth}';
    files text[] := '{original_image_url,thumbnail_url,rectified_image_url,image_sha256}';
BEGIN
    RETURN json_build_object(
        'exported_at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'account', (SELECT to_jsonb(u) - secret FROM users u WHERE u.id = me),
        'profile', account_profile(me),
        'sessions', export_rows('user_sessions', 'user_id', me, secret),
        'identities', export_rows('auth_identities', 'user_id', me),
        'consents', export_rows('user_consents', 'user_id', me),
        'notification_preferences', (SELECT coalesce(jsonb_agg(to_jsonb(n)), '[]') FROM notification_preferences n WHERE n.user_id = me),
        'push_subscriptions', export_rows('device_tokens', 'user_id', me, secret),
        'calendar_feeds', export_rows('calendar_feeds', 'user_id', me, secret),
        'subscriptions', export_rows('user_subscriptions', 'user_id', me),
        'payments', export_rows('payment_transactions', 'user_id', me),
        'prescriptions', export_rows('prescriptions', 'patient_id', me, files),
        'pictures', (SELECT coalesce(jsonb_agg(format('/api/v1/prescriptions/%s/image', p.id) ORDER BY p.id), '[]')
                       FROM prescriptions p WHERE p.patient_id = me AND p.original_image_url IS NOT NULL),
        'prescription_versions', export_rows('prescription_versions', 'patient_id', me),
        'medications', export_rows('medications', 'patient_id', me),
        'medication_provenance', export_rows('medication_provenance', 'patient_id', me),
        'medication_stock', (SELECT coalesce(jsonb_agg(to_jsonb(s)), '[]') FROM medication_stock s WHERE s.patient_id = me),
        'medication_refills', export_rows('medication_refills', 'patient_id', me),
        'schedule_templates', export_rows('medication_schedule_templates', 'user_id', me),
        'reminders', export_rows('medication_reminders', 'patient_id', me),
        'doses', export_rows('medication_reminder_logs', 'patient_id', me),
        'dose_events', export_rows('dose_events', 'patient_id', me),
        'family_invitations', export_rows('family_invitations', 'patient_id', me, secret),
        'family_requests', export_rows('family_connection_requests', 'patient_id', me) || export_rows('family_connection_requests', 'family_member_id', me),
        'family_links', export_rows('family_relationships', 'patient_id', me) || export_rows('family_relationships', 'family_member_id', me),
        'doctor_links', export_rows('doctor_patient_relationships', 'patient_id', me) || export_rows('doctor_patient_relationships', 'doctor_id', me),
        'clinical_notes', (SELECT coalesce(jsonb_agg(to_jsonb(n) ORDER BY n.id), '[]') FROM clinical_notes n
                            WHERE n.doctor_id = me OR n.patient_id = me AND n.shared_with_patient),
        'reports', export_rows('ai_reports', 'user_id', me),
        'conversations', (SELECT coalesce(jsonb_agg(to_jsonb(c) || jsonb_build_object('messages',
                              (SELECT coalesce(jsonb_agg(to_jsonb(m) ORDER BY m.created_at), '[]') FROM ai_chat_messages m WHERE m.conversation_id = c.id)) ORDER BY c.id), '[]')
                            FROM ai_chat_conversations c WHERE c.user_id = me),
        'notifications', export_rows('notifications', 'user_id', me),
        'events', export_rows('usage_analytics', 'user_id', me),
        'access_log', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', a.created_at, 'action', a.action, 'what', a.resource_type, 'id', a.resource_id,
                              'by', CASE WHEN a.user_id = me THEN 'self' ELSE coalesce(a.role, 'system') END) ORDER BY a.created_at), '[]')
                         FROM audit_logs a WHERE a.patient_id = me OR a.user_id = me));
END $$;

CREATE OR REPLACE FUNCTION export_allowed() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT require_step_up();
    SELECT audit('account.exported', 'user', app_user_id(), CASE app_role() WHEN 'patient' THEN app_user_id() END)
$$;

CREATE OR REPLACE FUNCTION account_export() RETURNS json
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM export_allowed();
    RETURN export_document(app_user_id());
END $$;

-- The same with the pictures, as a file made in the background. One at a time: asking again names the one under way.
CREATE OR REPLACE FUNCTION export_request() RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    job uuid;
BEGIN
    PERFORM export_allowed();
    PERFORM 1 FROM users WHERE id = app_user_id() FOR NO KEY UPDATE;
    SELECT id INTO job FROM jobs WHERE user_id = app_user_id() AND kind = 'export' AND status IN ('queued', 'running');
    IF job IS NULL THEN
        INSERT INTO jobs (kind, user_id) VALUES ('export', app_user_id()) RETURNING id INTO job;
    END IF;
    RETURN job;
END $$;

-- The finished file's id, for a day. Asking for it took a proof, but it may lie there for hours: fetching it takes one as well.
CREATE OR REPLACE FUNCTION export_file(job uuid) RETURNS uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    PERFORM 1 FROM jobs j WHERE j.id = job AND j.user_id = app_user_id() AND j.kind = 'export' AND j.status = 'done'
                            AND j.completed_at > now() - interval '1 day';
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    END IF;
    PERFORM require_step_up();
    RETURN job;
END $$;

-- What the worker puts into the file. No row: the account is closed.
CREATE OR REPLACE FUNCTION export_contents(job uuid) RETURNS TABLE (document text, pictures text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    SELECT export_document(u.id)::text,
           ARRAY(SELECT p.original_image_url FROM prescriptions p WHERE p.patient_id = u.id AND p.original_image_url IS NOT NULL ORDER BY p.id)
      FROM jobs j JOIN users u ON u.id = j.user_id AND u.is_active WHERE j.id = job AND j.kind = 'export'
$$;

-- Files are kept for a day. The oldest that is over goes; NULL: none.
CREATE OR REPLACE FUNCTION export_forget_next() RETURNS uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
    DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE kind = 'export' AND status IN ('done', 'dead') AND completed_at < now() - interval '1 day'
                                  ORDER BY completed_at LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING id
$$;

-- Ends every session now and everything in 30 days; signing in before takes it back (session_open).
CREATE OR REPLACE FUNCTION account_delete() RETURNS timestamptz
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    u users;
BEGIN
    UPDATE users SET deletion_scheduled_at = now() + interval '30 days' WHERE id = app_user_id() RETURNING * INTO STRICT u;
    PERFORM sessions_revoke_all(u.id, 'deletion'),
            account_mail(u.id, u.email, 'account.deletion_scheduled',
                         jsonb_build_object('date', to_char(u.deletion_scheduled_at AT TIME ZONE u.timezone, 'YYYY-MM-DD')));
    PERFORM audit('account.deletion_scheduled', 'user', u.id, NULL);
    RETURN u.deletion_scheduled_at;
END $$;

-- Is account_erase_next() at work on this person? Then what else must never be deleted goes. The owner alone, inside that
-- function, can make it so: a setting by itself opens nothing.
CREATE OR REPLACE FUNCTION is_erasing(person uuid) RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT person::text = current_setting('app.erasing', true)
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.users'::regclass)
$$;

-- Erases the account that is due for longest. What is about others stays, written by somebody without a name: the row of
-- `users` remains as a pseudonym for the audit log, notes of doctors and payments that the law wants kept. The files go by a job
-- made in the same transaction, so none is forgotten. False: none is due.
CREATE OR REPLACE FUNCTION account_erase_next() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    person uuid;
BEGIN
    SELECT id INTO person FROM users WHERE deletion_scheduled_at <= now()
     ORDER BY deletion_scheduled_at LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF person IS NULL THEN
        RETURN false;
    END IF;
    INSERT INTO jobs (kind, payload, max_attempts)
    SELECT 'erase_files', jsonb_build_object('files', jsonb_agg(f.name)), 20
      FROM (SELECT unnest(ARRAY[p.original_image_url, p.thumbnail_url, p.rectified_image_url]) FROM prescriptions p WHERE p.patient_id = person
            UNION ALL SELECT j.id || ending FROM jobs j, unnest(ARRAY['.export.zip', '.export.zip.part']) AS ending WHERE j.user_id = person AND j.kind = 'export') f (name)
     WHERE f.name IS NOT NULL HAVING count(*) > 0;
    PERFORM set_config('app.erasing', person::text, true); -- opens is_erasing() for this one person
    DELETE FROM dose_events WHERE patient_id = person;
    DELETE FROM medication_reminder_logs WHERE patient_id = person;
    DELETE FROM medication_reminders WHERE patient_id = person;
    DELETE FROM medication_provenance WHERE patient_id = person;
    DELETE FROM clinical_note_versions WHERE patient_id = person;
    DELETE FROM clinical_notes WHERE patient_id = person;
    DELETE FROM ai_reports WHERE patient_id = person OR user_id = person;
    DELETE FROM ai_chat_conversations WHERE user_id = person
        OR prescription_id IN (SELECT id FROM prescriptions WHERE patient_id = person);
    DELETE FROM prescription_versions WHERE patient_id = person;
    DELETE FROM medications WHERE patient_id = person;
    DELETE FROM prescriptions WHERE patient_id = person;
    DELETE FROM doctor_patient_relationships WHERE person IN (patient_id, doctor_id);
    DELETE FROM family_relationships WHERE person IN (patient_id, family_member_id);
    DELETE FROM family_connection_requests WHERE person IN (patient_id, family_member_id);
    UPDATE family_invitations SET claimed_by = NULL, claimed_at = NULL, status = 'expired' WHERE claimed_by = person;
    DELETE FROM family_invitations WHERE patient_id = person;
    DELETE FROM usage_analytics WHERE user_id = person;
    PERFORM account_forget(person);
    PERFORM audit('account.erased', 'user', person, NULL);
    RETURN true;
END $$;

-- What belongs to the account itself, and the name on it.
CREATE OR REPLACE FUNCTION account_forget(person uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['outbox', 'jobs', 'notifications', 'device_tokens', 'calendar_feeds', 'notification_preferences', 'user_sessions',
        'verification_codes', 'totp_secrets', 'recovery_codes', 'auth_identities', 'user_consents', 'idempotency_keys', 'patient_profiles',
        'doctor_profiles', 'family_member_profiles', 'profile_drafts', 'medication_schedule_templates'] LOOP
        EXECUTE format('DELETE FROM %I WHERE user_id = $1', t) USING person;
    END LOOP;
    UPDATE users SET email = 'erased-' || id || '@erased.invalid', phone_number = NULL, password_hash = NULL, first_name = 'Erased', last_name = 'Erased',
           email_verified = false, phone_verified = false, totp_enabled = false, is_active = false, deactivated_reason = 'erased',
           deletion_scheduled_at = NULL, last_login_at = NULL WHERE id = person;
END $$;

GRANT EXECUTE ON FUNCTION is_erasing(uuid) TO dastern_module, dastern_worker;
GRANT EXECUTE ON FUNCTION account_export(), export_request(), export_file(uuid), account_delete() TO dastern_auth;
GRANT EXECUTE ON FUNCTION account_erase_next(), export_contents(uuid), export_forget_next() TO dastern_account_worker;
GRANT SELECT, UPDATE ON jobs TO dastern_account_worker;
CREATE POLICY account ON jobs TO dastern_account_worker USING (kind IN ('erase_files', 'export')) WITH CHECK (kind IN ('erase_files', 'export'));
