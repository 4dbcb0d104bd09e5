-- 010: what a prescription was before each edit, and how every field of it came to be.

CREATE TABLE prescription_versions (
    id              uuid PRIMARY KEY DEFAULT uuid_v7(),
    prescription_id uuid NOT NULL,
    patient_id      uuid NOT NULL,
    version         integer NOT NULL,
    snapshot        jsonb NOT NULL,          -- header and medicines as they stood
    reason          text NOT NULL,
    changed_by      uuid REFERENCES users,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "version.prescription" FOREIGN KEY (prescription_id, patient_id) REFERENCES prescriptions (id, patient_id),
    CONSTRAINT "version.once" UNIQUE (prescription_id, version),
    CONSTRAINT "version.reason" CHECK (reason IN ('confirm', 'edit', 'reprocess', 'archive'))
);
CREATE INDEX prescription_versions_patient ON prescription_versions (patient_id);

-- Rows are added, never changed: the newest row of a field is how it came to be, the older ones its history.
CREATE TABLE medication_provenance (
    id              uuid PRIMARY KEY DEFAULT uuid_v7(),
    medication_id   uuid REFERENCES medications ON DELETE CASCADE,   -- NULL: a field of the prescription's head
    prescription_id uuid NOT NULL,
    patient_id      uuid NOT NULL,
    field           text NOT NULL,
    source          text NOT NULL,
    value           text,
    confidence      numeric(4, 3),
    box             integer[],               -- x, y, width, height on the rectified picture
    recorded_by     uuid REFERENCES users,
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "provenance.prescription" FOREIGN KEY (prescription_id, patient_id) REFERENCES prescriptions (id, patient_id),
    CONSTRAINT "provenance.source" CHECK (source IN ('ocr', 'rule', 'human')),
    CONSTRAINT "provenance.field" CHECK (field ~ '^[a-z_]+(\.[a-z]+)?$'),
    CONSTRAINT "provenance.confidence_range" CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT "provenance.box" CHECK (cardinality(box) = 4 AND 0 <= ALL (box)),
    CONSTRAINT "provenance.human_named" CHECK (source <> 'human' OR recorded_by IS NOT NULL)
);
CREATE INDEX medication_provenance_medication ON medication_provenance (medication_id, field, id DESC);
CREATE INDEX medication_provenance_prescription ON medication_provenance (prescription_id, field, id DESC);
CREATE INDEX medication_provenance_patient ON medication_provenance (patient_id);
