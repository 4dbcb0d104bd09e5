-- 017: a doctor's note keeps every wording it had.

CREATE TABLE clinical_note_versions (
    note_id             uuid NOT NULL REFERENCES clinical_notes,
    version             integer NOT NULL,
    doctor_id           uuid NOT NULL REFERENCES users,
    patient_id          uuid NOT NULL REFERENCES users,
    title               text NOT NULL,
    content             text NOT NULL,
    shared_with_patient boolean NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (note_id, version)
);
CREATE INDEX clinical_note_versions_patient ON clinical_note_versions (patient_id);
CREATE INDEX clinical_note_versions_doctor ON clinical_note_versions (doctor_id);
