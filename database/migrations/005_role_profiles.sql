-- 005: one profile table per role.

CREATE TABLE patient_profiles (
    user_id                 uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    date_of_birth           date NOT NULL,
    gender                  text,
    blood_type              text,
    allergies               text[] NOT NULL DEFAULT '{}',
    conditions              text[] NOT NULL DEFAULT '{}',
    emergency_contact_name  text,
    emergency_contact_phone text,
    morning_time            time NOT NULL DEFAULT '07:00',   -- the person's own meal times
    noon_time               time NOT NULL DEFAULT '12:00',
    evening_time            time NOT NULL DEFAULT '18:00',
    night_time              time NOT NULL DEFAULT '21:00',
    created_at              timestamptz NOT NULL DEFAULT now(),
    updated_at              timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "profile.birth_range" CHECK (date_of_birth BETWEEN date '1890-01-01' AND date '2200-01-01'),
    CONSTRAINT "profile.gender" CHECK (gender IN ('male', 'female', 'other')),
    CONSTRAINT "profile.blood_type" CHECK (blood_type IN ('A+', 'A-', 'B+', 'B-', 'AB+', 'AB-', 'O+', 'O-')),
    CONSTRAINT "profile.list_size" CHECK (cardinality(allergies) <= 50 AND cardinality(conditions) <= 50
        AND char_length(array_to_string(allergies || conditions, '')) <= 10000),
    CONSTRAINT "profile.emergency_contact" CHECK (char_length(emergency_contact_name) <= 200
        AND emergency_contact_phone ~ '^\+?[0-9 ]{6,20}$'),
    CONSTRAINT "profile.meal_order" CHECK (morning_time < noon_time AND noon_time < evening_time AND evening_time < night_time)
);

CREATE TABLE doctor_profiles (
    user_id             uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    license_number      text NOT NULL,
    specialization      text NOT NULL,
    hospital_name       text NOT NULL,
    years_of_experience integer NOT NULL DEFAULT 0,
    verification_status text NOT NULL DEFAULT 'pending',
    verified_at         timestamptz,
    verified_by         uuid REFERENCES users,
    rejection_reason    text,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "doctor.license_taken" UNIQUE (license_number),
    CONSTRAINT "doctor.text_length" CHECK (char_length(btrim(license_number)) BETWEEN 1 AND 100
        AND char_length(btrim(specialization)) BETWEEN 1 AND 200 AND char_length(btrim(hospital_name)) BETWEEN 1 AND 200
        AND char_length(rejection_reason) <= 1000),
    CONSTRAINT "doctor.experience_range" CHECK (years_of_experience BETWEEN 0 AND 80),
    CONSTRAINT "doctor.verification_status" CHECK (verification_status IN ('pending', 'verified', 'rejected')),
    CONSTRAINT "doctor.verified_complete" CHECK (verification_status <> 'verified' OR verified_at IS NOT NULL AND verified_by IS NOT NULL)
);
CREATE INDEX doctor_profiles_waiting ON doctor_profiles (created_at) WHERE verification_status = 'pending';
CREATE INDEX doctor_profiles_verified_by ON doctor_profiles (verified_by) WHERE verified_by IS NOT NULL;

CREATE TABLE family_member_profiles (
    user_id      uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    relationship text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "profile.relationship_length" CHECK (char_length(btrim(relationship)) BETWEEN 1 AND 50)
);
