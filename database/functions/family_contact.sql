-- The patient's codes, and what a relative may say to the patient.

-- A code for one relative. No row when the code is already taken. More than 20 open ones are refused: each is a way in.
CREATE OR REPLACE FUNCTION family_invite(code_hash bytea, relationship text, permissions jsonb, hours integer) RETURNS SETOF family_invitations
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
#variable_conflict use_column
DECLARE
    made family_invitations;
BEGIN
    PERFORM FROM users WHERE id = app_user_id() FOR NO KEY UPDATE;      -- one at a time, so that the limit is exact
    IF (SELECT count(*) FROM family_invitations i WHERE i.patient_id = app_user_id() AND i.status = 'pending' AND i.expires_at > now()) >= 20 THEN
        PERFORM refuse('DT409', 'invitation.too_many_open', 'Take back an open invitation before making another.', '{"most": 20}');
    END IF;
    INSERT INTO family_invitations (patient_id, code_hash, relationship, permissions, expires_at)
    VALUES (app_user_id(), family_invite.code_hash, family_invite.relationship, family_permissions(family_invite.permissions), now() + hours * interval '1 hour')
    ON CONFLICT (code_hash) DO NOTHING RETURNING * INTO made;
    IF FOUND THEN
        PERFORM audit('family.invite', 'family_invitation', made.id, made.patient_id, jsonb_build_object('permissions', made.permissions));
        RETURN NEXT made;
    END IF;
END $$;

-- Takes back an invitation that nobody has used; done twice it is the same.
CREATE OR REPLACE FUNCTION family_uninvite(invitation uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    i family_invitations;
BEGIN
    SELECT * INTO i FROM family_invitations WHERE id = invitation AND patient_id = app_user_id() FOR UPDATE;
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    ELSIF i.status = 'revoked' THEN
        RETURN;
    ELSIF i.status NOT IN ('pending', 'expired') THEN
        PERFORM refuse('DT409', 'invitation.not_open', 'This invitation was used; decide about the request instead.', jsonb_build_object('current_status', i.status));
    END IF;
    UPDATE family_invitations SET status = 'revoked' WHERE id = i.id;
    PERFORM audit('family.uninvite', 'family_invitation', i.id, i.patient_id);
END $$;

-- The bucket in which the caller's wrong codes count.
CREATE OR REPLACE FUNCTION account_guess_key() RETURNS bytea
LANGUAGE sql STABLE
AS $$ SELECT sha256(convert_to(app_user_id()::text, 'UTF8')) $$;

-- A relative who gets alerts reminds the patient of a dose that is due. At most twice per dose, whoever does it: the notice's
-- dedupe key says which time it is, so two at once can't make three. The medicine's name goes to the patient only.
CREATE OR REPLACE FUNCTION family_nudge(patient uuid, dose uuid) RETURNS TABLE (dose_id uuid, nudges_left integer)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp ROWS 1
AS $$
DECLARE
    d medication_reminder_logs;
    told jsonb;
BEGIN
    patient := allowed_patient(patient, 'receive_alerts');
    SELECT l.* INTO d FROM medication_reminder_logs l
     WHERE l.id = dose AND l.scheduled_date = uuid_date(dose) AND l.patient_id = patient AND l.medication_id <> ALL ((SELECT hidden_medications())::uuid[]);
    IF NOT FOUND THEN
        PERFORM refuse_not_found();
    ELSIF d.status NOT IN ('pending', 'snoozed', 'missed') THEN
        PERFORM refuse('DT409', 'dose.not_pending', 'This dose is already settled.', jsonb_build_object('current_status', d.status));
    ELSIF d.due_at > now() OR d.due_at < now() - interval '24 hours' THEN
        PERFORM refuse('DT409', 'nudge.not_due', 'Remind of doses that are due, within a day.', jsonb_build_object('due_at', d.due_at));
    END IF;
    SELECT jsonb_build_object('dose_id', d.id, 'medication', m.name, 'time', to_char(d.scheduled_time, 'HH24:MI'), 'member', u.first_name)
      INTO told FROM medications m, users u WHERE m.id = d.medication_id AND u.id = app_user_id();
    FOR nudge IN 1..2 LOOP
        IF notify_user(patient, 'family.nudge', told, 'nudge:' || d.id || ':' || nudge) THEN
            PERFORM audit('family.nudge', 'dose', d.id, patient);
            RETURN QUERY SELECT d.id, 2 - nudge;
            RETURN;
        END IF;
    END LOOP;
    PERFORM refuse('DT409', 'nudge.enough', 'The patient was reminded of this dose twice already.');
END $$;
