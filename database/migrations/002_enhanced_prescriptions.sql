-- 002: what the reader found on a picture and how sure it was, the prescriber as printed, and the picture itself.

ALTER TABLE prescriptions
    ADD COLUMN source                  text NOT NULL DEFAULT 'upload',
    ADD COLUMN hospital_name           text,
    ADD COLUMN prescribing_doctor_name text,
    ADD COLUMN patient_age             integer,
    ADD COLUMN patient_gender          text,
    ADD COLUMN diagnosis               text,
    ADD COLUMN ocr_confidence_score    numeric(4, 3),
    ADD COLUMN ai_confidence_score     numeric(4, 3),
    ADD COLUMN ocr_text                text,
    ADD COLUMN unsure                  text[] NOT NULL DEFAULT '{}',
    ADD COLUMN image_sha256            bytea,
    ADD COLUMN image_bytes             integer,
    ADD COLUMN image_type              text,
    ADD COLUMN image_width             integer,
    ADD COLUMN image_height            integer,
    ADD COLUMN thumbnail_url           text,
    ADD COLUMN rectified_image_url     text,
    ADD COLUMN version                 integer NOT NULL DEFAULT 1,
    ADD COLUMN confirmed_at            timestamptz,
    ADD COLUMN confirmed_by            uuid REFERENCES users,
    ADD COLUMN archived_at             timestamptz,
    ADD CONSTRAINT "prescription.source" CHECK (source IN ('upload', 'manual')),
    ADD CONSTRAINT "prescription.text_length" CHECK (char_length(hospital_name) <= 200 AND char_length(prescribing_doctor_name) <= 200
        AND char_length(diagnosis) <= 1000),
    ADD CONSTRAINT "prescription.age_range" CHECK (patient_age BETWEEN 0 AND 130),
    ADD CONSTRAINT "prescription.gender" CHECK (patient_gender IN ('male', 'female', 'other')),
    ADD CONSTRAINT "prescription.confidence_range" CHECK (ocr_confidence_score BETWEEN 0 AND 1 AND ai_confidence_score BETWEEN 0 AND 1),
    ADD CONSTRAINT "prescription.image_type" CHECK (image_type IN ('image/jpeg', 'image/png', 'image/webp')),
    ADD CONSTRAINT "prescription.image_hash" CHECK (octet_length(image_sha256) = 32),
    ADD CONSTRAINT "prescription.image_size" CHECK (image_bytes > 0 AND image_width > 0 AND image_height > 0),
    ADD CONSTRAINT "prescription.derived_names" CHECK (thumbnail_url ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$'
        AND rectified_image_url ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$'),
    -- Nothing counts as completed that no person has checked (an archived draft was never checked either).
    ADD CONSTRAINT "prescription.confirmed" CHECK (status <> 'completed' OR confirmed_at IS NOT NULL AND unsure = '{}');

CREATE INDEX prescriptions_confirmed_by ON prescriptions (confirmed_by) WHERE confirmed_by IS NOT NULL;
CREATE INDEX prescriptions_image ON prescriptions (patient_id, image_sha256) WHERE image_sha256 IS NOT NULL;

ALTER TABLE medications
    ADD COLUMN generic_name         text,
    ADD COLUMN meal_relation        text,
    ADD COLUMN as_needed            boolean NOT NULL DEFAULT false,
    ADD COLUMN max_doses_per_day    integer,
    ADD COLUMN min_interval_minutes integer,
    ADD COLUMN confidence           numeric(4, 3),
    ADD COLUMN unsure               text[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT "medication.generic_name_length" CHECK (char_length(generic_name) <= 200),
    ADD CONSTRAINT "medication.meal_relation" CHECK (meal_relation IN ('before', 'after', 'with')),
    ADD CONSTRAINT "medication.max_doses_range" CHECK (max_doses_per_day BETWEEN 1 AND 48),
    ADD CONSTRAINT "medication.min_interval_range" CHECK (min_interval_minutes BETWEEN 15 AND 10080),
    ADD CONSTRAINT "medication.confidence_range" CHECK (confidence BETWEEN 0 AND 1),
    -- A name may only be missing while the draft says so.
    ADD CONSTRAINT "medication.name_required" CHECK (btrim(name) <> '' OR 'name' = ANY (unsure));
