-- A relative's way in: code -> request -> the patient's approval -> a link with rights, and the end of it.

CREATE OR REPLACE FUNCTION family_defaults() RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT '{"view_prescriptions": false, "view_reminders": true, "manage_reminders": false, "log_doses": false, "view_reports": false, "receive_alerts": true}'::jsonb
$$;

-- The full set of permissions: what is given over `base`. Anything unknown or not exactly true or false is refused.
CREATE OR REPLACE FUNCTION family_permissions(given jsonb, base jsonb DEFAULT family_defaults()) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE
AS $$
BEGIN
    given := coalesce(nullif(given, 'null'), '{}');
    IF jsonb_typeof(given) <> 'object' OR given - ARRAY(SELECT jsonb_object_keys(family_defaults())) <> '{}' THEN
        PERFORM refuse('DT422', 'family.permission_unknown', 'There is no such permission.');
    ELSIF jsonb_path_exists(given, '$.* ? (@.type() != "boolean")') THEN
        PERFORM refuse('DT422', 'family.permission_type', 'A permission is true or false.');
    END IF;
    RETURN base || given;
END $$;

-- The rights of a link as an object, the form clients read and write.
CREATE OR REPLACE FUNCTION family_rights(f family_relationships) RETURNS jsonb
LANGUAGE sql IMMUTABLE
AS $$
    SELECT jsonb_build_object('view_prescriptions', f.view_prescriptions, 'view_reminders', f.view_reminders, 'manage_reminders', f.manage_reminders,
                              'log_doses', f.log_doses, 'view_reports', f.view_reports, 'receive_alerts', f.receive_alerts)
$$;

-- Uses a code. Single use: the first relative claims it; the same one again gets the same request. A wrong, spent or expired code, and
-- one's own, are alike not found. Throttle guesses before calling.
CREATE OR REPLACE FUNCTION family_connect(code_hash bytea, message text) RETURNS SETOF family_connection_requests
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
#variable_conflict use_column
DECLARE
    i family_invitations;
    r family_connection_requests;
BEGIN
    SELECT * INTO i FROM family_invitations f WHERE f.code_hash = family_connect.code_hash FOR UPDATE;
    IF i.status = 'claimed' AND i.claimed_by = app_user_id() THEN
        RETURN QUERY SELECT * FROM family_connection_requests c WHERE c.invitation_id = i.id AND c.family_member_id = app_user_id();
        RETURN;
    END IF;
    IF i.id IS NULL OR i.status <> 'pending' OR i.expires_at <= now() OR i.patient_id = app_user_id() THEN
        PERFORM refuse('DT404', 'invitation.not_found', 'This code is not valid.');
    END IF;
    IF EXISTS (SELECT FROM family_relationships f WHERE f.patient_id = i.patient_id AND f.family_member_id = app_user_id() AND f.status = 'active') THEN
        PERFORM refuse('DT409', 'family.already_connected', 'You already follow this patient.');
    END IF;
    UPDATE family_invitations f SET status = 'claimed', claimed_by = app_user_id(), claimed_at = now() WHERE f.id = i.id;
    INSERT INTO family_connection_requests (invitation_id, patient_id, family_member_id, relationship, message)
    VALUES (i.id, i.patient_id, app_user_id(), i.relationship, family_connect.message) RETURNING * INTO r;
    PERFORM notify_user(i.patient_id, 'family.request', jsonb_build_object('request_id', r.id, 'member', u.first_name || ' ' || u.last_name), 'family.request:' || r.id)
       FROM users u WHERE u.id = app_user_id();
    PERFORM audit('family.request', 'family_connection_request', r.id, i.patient_id);
    RETURN NEXT r;
END $$;

-- The caller's own pending request, locked; anyone else's is not found.
CREATE OR REPLACE FUNCTION family_request_held(request uuid) RETURNS family_connection_requests
LANGUAGE plpgsql
AS $$
DECLARE
    r family_connection_requests;
BEGIN
    SELECT * INTO r FROM family_connection_requests WHERE id = request AND patient_id = app_user_id() FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    ELSIF r.status <> 'pending' THEN
        PERFORM refuse('DT409', 'connection.not_pending', 'This request has been decided.', jsonb_build_object('current_status', r.status));
    END IF;
    RETURN r;
END $$;

-- The patient says yes. Rights: those of the invitation, changed by `permissions`.
CREATE OR REPLACE FUNCTION family_approve(request uuid, permissions jsonb DEFAULT NULL) RETURNS SETOF family_relationships
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
#variable_conflict use_column
DECLARE
    r family_connection_requests := family_request_held(request);
    rights jsonb := family_permissions(family_approve.permissions, family_permissions((SELECT i.permissions FROM family_invitations i WHERE i.id = r.invitation_id)));
    link family_relationships := jsonb_populate_record(NULL::family_relationships, rights);
BEGIN
    UPDATE family_connection_requests SET status = 'approved', decided_at = now() WHERE id = r.id;
    UPDATE family_invitations SET status = 'accepted' WHERE id = r.invitation_id;
    INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, invitation_id, view_prescriptions, view_reminders, manage_reminders,
                                      log_doses, view_reports, receive_alerts)
    VALUES (r.patient_id, r.family_member_id, r.relationship, r.invitation_id, link.view_prescriptions, link.view_reminders, link.manage_reminders,
            link.log_doses, link.view_reports, link.receive_alerts)
    RETURNING * INTO link;
    PERFORM notify_user(r.family_member_id, 'family.approved', jsonb_build_object('link_id', link.id, 'patient', u.first_name || ' ' || u.last_name), 'family.approved:' || r.id)
       FROM users u WHERE u.id = r.patient_id;
    PERFORM audit('family.approve', 'family_relationship', link.id, r.patient_id, jsonb_build_object('permissions', rights));
    RETURN NEXT link;
END $$;

CREATE OR REPLACE FUNCTION family_reject(request uuid, reason text DEFAULT NULL) RETURNS SETOF family_connection_requests
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
#variable_conflict use_column
DECLARE
    r family_connection_requests := family_request_held(request);
BEGIN
    UPDATE family_connection_requests SET status = 'rejected', reason = family_reject.reason, decided_at = now() WHERE id = r.id RETURNING * INTO r;
    UPDATE family_invitations SET status = 'rejected' WHERE id = r.invitation_id;
    PERFORM audit('family.reject', 'family_connection_request', r.id, r.patient_id);
    RETURN NEXT r;
END $$;

-- The patient changes what a relative may do; NULL leaves a part as it is (`has_expires` tells whether `expires_at` was given).
-- Counts from the relative's next request on. Hidden medicines must be the patient's own.
CREATE OR REPLACE FUNCTION family_set_permissions(link uuid, permissions jsonb, hidden uuid[], expires_at timestamptz, has_expires boolean)
RETURNS SETOF family_relationships
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
#variable_conflict use_column
DECLARE
    f family_relationships;
    rights family_relationships;
BEGIN
    SELECT * INTO f FROM family_relationships WHERE id = link AND patient_id = app_user_id() AND status = 'active' FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    END IF;
    rights := jsonb_populate_record(f, family_permissions(family_set_permissions.permissions, family_rights(f)));
    IF EXISTS (SELECT FROM unnest(hidden) h WHERE NOT EXISTS (SELECT FROM medications m WHERE m.id = h AND m.patient_id = f.patient_id)) THEN
        PERFORM refuse('DT422', 'family.hidden_medication_unknown', 'Only your own medicines can be hidden.');
    END IF;
    IF has_expires AND family_set_permissions.expires_at <= now() THEN
        PERFORM refuse('DT422', 'family.expires_in_past', 'The end has to lie ahead.');
    END IF;
    -- Showing more, or for longer, wants a recent proof of who is asking; a person's own session is asked for it, nothing else changes
    -- rights.
    IF app_session_id() IS NOT NULL
       AND (EXISTS (SELECT FROM jsonb_each(family_rights(f)) was JOIN jsonb_each(family_rights(rights)) will USING (key)
                     WHERE was.value = 'false' AND will.value = 'true')
            OR NOT f.hidden_medication_ids <@ coalesce(hidden, f.hidden_medication_ids)
            OR has_expires AND coalesce(family_set_permissions.expires_at, 'infinity') > coalesce(f.expires_at, 'infinity')) THEN
        PERFORM require_step_up();
    END IF;
    UPDATE family_relationships
       SET view_prescriptions = rights.view_prescriptions, view_reminders = rights.view_reminders, manage_reminders = rights.manage_reminders,
           log_doses = rights.log_doses, view_reports = rights.view_reports, receive_alerts = rights.receive_alerts,
           hidden_medication_ids = coalesce(hidden, hidden_medication_ids),
           expires_at = CASE WHEN has_expires THEN family_set_permissions.expires_at ELSE expires_at END
     WHERE id = f.id RETURNING * INTO f;
    PERFORM audit('family.permissions', 'family_relationship', f.id, f.patient_id, jsonb_build_object('permissions', family_rights(f), 'hidden', cardinality(f.hidden_medication_ids)));
    RETURN NEXT f;
END $$;

-- Ends a link; either side may.
CREATE OR REPLACE FUNCTION family_revoke(link uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    f family_relationships;
BEGIN
    UPDATE family_relationships SET status = 'revoked', revoked_at = now(), revoked_by = app_user_id()
     WHERE id = link AND app_user_id() IN (patient_id, family_member_id) AND status = 'active' RETURNING * INTO f;
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    END IF;
    PERFORM audit('family.revoke', 'family_relationship', f.id, f.patient_id);
END $$;

-- The rights of a link are the patient's to give: what a relative asked for once does not come back with a new row.
CREATE OR REPLACE FUNCTION family_guard() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF (NEW.patient_id, NEW.family_member_id) IS DISTINCT FROM (OLD.patient_id, OLD.family_member_id) OR OLD.status = 'revoked' THEN
        PERFORM refuse('DT409', 'family.link_ended', 'A link that has ended stays ended; a new invitation makes a new one.');
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard BEFORE UPDATE ON family_relationships FOR EACH ROW EXECUTE FUNCTION family_guard();
