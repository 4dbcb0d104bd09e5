-- 015: how many units of a medicine a patient has left, and how they came in.

CREATE TABLE medication_stock (
    medication_id uuid PRIMARY KEY,
    patient_id    uuid NOT NULL,
    units         numeric(8, 2) NOT NULL,
    unit          text,
    warn_days     integer NOT NULL DEFAULT 5,
    counted_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "stock.medication" FOREIGN KEY (medication_id, patient_id) REFERENCES medications (id, patient_id) ON DELETE CASCADE,
    CONSTRAINT "stock.units_range" CHECK (units BETWEEN 0 AND 100000),
    CONSTRAINT "stock.warn_range" CHECK (warn_days BETWEEN 0 AND 90)
);
CREATE INDEX medication_stock_patient ON medication_stock (patient_id);

CREATE TABLE medication_refills (
    id            uuid PRIMARY KEY DEFAULT uuid_v7(),
    medication_id uuid NOT NULL,
    patient_id    uuid NOT NULL,
    units         numeric(8, 2) NOT NULL,
    recorded_by   uuid REFERENCES users,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "refill.medication" FOREIGN KEY (medication_id, patient_id) REFERENCES medications (id, patient_id) ON DELETE CASCADE,
    CONSTRAINT "refill.units_range" CHECK (units > 0 AND units <= 100000)
);
CREATE INDEX medication_refills_medication ON medication_refills (medication_id, id DESC);
CREATE INDEX medication_refills_patient ON medication_refills (patient_id);
