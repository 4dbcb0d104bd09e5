-- A doctor's link to a patient and the notes that come of it: asked for by the doctor, decided by the patient, ended by either.

-- A doctor asks anew after a revocation with a new row; nothing brings an ended one back. Only the patient accepts.
CREATE OR REPLACE FUNCTION doctor_link_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NOT EXISTS (SELECT FROM doctor_profiles WHERE user_id = NEW.doctor_id AND verification_status = 'verified') THEN
            PERFORM refuse('DT403', 'doctor_link.not_verified', 'Only verified doctors can be linked.');
        ELSIF NOT EXISTS (SELECT FROM users WHERE id = NEW.patient_id AND role = 'patient') THEN
            PERFORM refuse_not_found();
        ELSIF NEW.status <> 'requested' AND app_user_id() IS NOT NULL THEN
            PERFORM refuse('DT403', 'doctor_link.patient_decides', 'The patient decides about a link.');
        END IF;
        RETURN NEW;
    END IF;
    IF (NEW.doctor_id, NEW.patient_id) IS DISTINCT FROM (OLD.doctor_id, OLD.patient_id) OR NEW.status <> OLD.status AND NOT (CASE OLD.status
            WHEN 'requested' THEN NEW.status IN ('active', 'rejected', 'revoked')
            WHEN 'active'    THEN NEW.status = 'revoked'
            ELSE false
        END) THEN
        PERFORM refuse('DT409', 'doctor_link.ended', 'A link that has ended stays ended; ask for a new one.', jsonb_build_object('current_status', OLD.status));
    END IF;
    IF app_user_id() = NEW.doctor_id AND (NEW.status NOT IN (OLD.status, 'revoked')
       OR (NEW.level, NEW.prescription_ids, NEW.permissions) IS DISTINCT FROM (OLD.level, OLD.prescription_ids, OLD.permissions)) THEN
        PERFORM refuse('DT403', 'doctor_link.patient_decides', 'The patient decides about a link.');
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE ON doctor_patient_relationships FOR EACH ROW EXECUTE FUNCTION doctor_link_guard();

-- A note keeps its author, its patient and every wording it had.
CREATE OR REPLACE FUNCTION clinical_note_keep() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
BEGIN
    IF (NEW.doctor_id, NEW.patient_id) IS DISTINCT FROM (OLD.doctor_id, OLD.patient_id) THEN
        PERFORM refuse('DT409', 'note.author_fixed', 'A note stays with its author and its patient.');
    END IF;
    IF (NEW.title, NEW.content, NEW.shared_with_patient) IS DISTINCT FROM (OLD.title, OLD.content, OLD.shared_with_patient) THEN
        INSERT INTO clinical_note_versions (note_id, version, doctor_id, patient_id, title, content, shared_with_patient, created_at)
        VALUES (OLD.id, OLD.version, OLD.doctor_id, OLD.patient_id, OLD.title, OLD.content, OLD.shared_with_patient, OLD.updated_at);
        NEW.version := OLD.version + 1;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE TRIGGER keep BEFORE UPDATE ON clinical_notes FOR EACH ROW EXECUTE FUNCTION clinical_note_keep();
