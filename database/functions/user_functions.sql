-- What must hold for an account whoever writes it: onboarding goes forward, the role is chosen once, admin is only granted.

CREATE OR REPLACE FUNCTION touch_updated_at() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END $$;

-- True for the owner working outside any request (seeds, operator), never for a run-time role or a request.
CREATE OR REPLACE FUNCTION is_operator() RETURNS boolean
LANGUAGE sql STABLE
AS $$
    SELECT app_user_id() IS NULL
       AND current_user = (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = 'public.users'::regclass)
$$;

CREATE OR REPLACE FUNCTION user_guard() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    former user_role;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        former := OLD.role;
        IF NEW.onboarding_status < OLD.onboarding_status THEN
            PERFORM refuse('DT409', 'onboarding.forward_only', 'Onboarding only moves forward.',
                           onboarding_wants(OLD.id));
        END IF;
        NEW.updated_at := now();
    END IF;
    IF NEW.role IS DISTINCT FROM former AND (is_operator() OR app_role() = 'admin') IS NOT TRUE THEN     -- nobody is not an admin
        IF former IS NOT NULL THEN
            PERFORM refuse('DT409', 'onboarding.role_once', 'The role has already been chosen.');
        ELSIF NEW.role = 'admin' THEN
            PERFORM refuse('DT403', 'onboarding.admin_granted', 'Only an administrator grants this role.');
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER users_guard BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION user_guard();

-- An account that is closed or changes its role has no live session from that moment on; reminders that follow
-- the person's clock move with the zone.
CREATE OR REPLACE FUNCTION user_changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF OLD.is_active AND NOT NEW.is_active THEN
        PERFORM sessions_revoke_all(NEW.id, 'deactivated');
    ELSIF OLD.role IS NOT NULL AND NEW.role IS DISTINCT FROM OLD.role THEN
        PERFORM sessions_revoke_all(NEW.id, 'role_change');
    END IF;
    IF NEW.timezone <> OLD.timezone THEN
        UPDATE medication_reminders SET timezone = NEW.timezone
         WHERE patient_id = NEW.id AND timezone_policy = 'local' AND is_active;
    END IF;
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER users_changed AFTER UPDATE OF is_active, role, timezone ON users
    FOR EACH ROW EXECUTE FUNCTION user_changed();

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['user_subscriptions', 'prescriptions', 'medications', 'medication_schedule_templates',
        'doctor_patient_relationships', 'clinical_notes', 'family_relationships', 'family_invitations',
        'ai_chat_conversations', 'patient_profiles', 'doctor_profiles', 'family_member_profiles', 'profile_drafts', 'notification_preferences', 'medication_stock'] LOOP
        EXECUTE format('CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON %I FOR EACH ROW EXECUTE FUNCTION touch_updated_at()', t);
    END LOOP;
END $$;

-- Not for what the scheduler notes on a reminder: its version, which clients compare, is the person's.
CREATE OR REPLACE TRIGGER touch BEFORE UPDATE OF scheduled_time, time_slot, dose_amount, dose_unit, recurrence, start_date, end_date, timezone,
    timezone_policy, grace_minutes, is_active, critical, paused_at, paused_until ON medication_reminders
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
