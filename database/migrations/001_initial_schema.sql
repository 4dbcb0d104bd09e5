-- 001: accounts, plans, prescriptions, medicines, reminders and their doses, doctors' links, notices, logs.
-- Ids are UUID version 7, times are timestamptz, a wall-clock time is `time` beside an IANA zone.
-- A constraint's quoted, dotted name is the problem code a client sees when it is broken.

CREATE TYPE user_role AS ENUM ('patient', 'doctor', 'family_member', 'admin');
CREATE TYPE subscription_tier AS ENUM ('free', 'premium');
CREATE TYPE prescription_status AS ENUM ('processing', 'completed', 'error', 'archived');

-- RFC 9562 version 7: 48 bits of milliseconds, 12 bits of the millisecond's fraction (so ids of one
-- connection sort by time to a quarter of a microsecond), the rest random. One expression without
-- parameters, so the planner inlines it into a column default.
CREATE FUNCTION uuid_v7() RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE
AS $$
    SELECT (overlay(lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000000)::bigint * 512 / 125), 15, '0')
                    PLACING '7' FROM 13 FOR 0)
            || substr(gen_random_uuid()::text, 20))::uuid
$$;

-- The UTC date in the first 48 bits of a version 7 id. Doses carry their local date there, which lets a
-- look-up by id alone touch one monthly partition.
CREATE FUNCTION uuid_date(id uuid) RETURNS date
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
AS $$
    SELECT date '1970-01-01'
           + (('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint / 86400000)::integer
$$;

-- The IANA zones this server knows; a foreign key is both quicker and stricter than `AT TIME ZONE`,
-- which also takes abbreviations and POSIX strings.
CREATE TABLE timezones (
    name text PRIMARY KEY
);
INSERT INTO timezones
SELECT name FROM pg_timezone_names
 WHERE name ~ '^([A-Z][A-Za-z_]+/[A-Za-z0-9_+/-]+|UTC)$';

CREATE TABLE users (
    id                    uuid PRIMARY KEY DEFAULT uuid_v7(),
    email                 text NOT NULL,
    phone_number          text,
    password_hash         text,
    role                  user_role,
    first_name            text NOT NULL,
    last_name             text NOT NULL,
    language              text NOT NULL DEFAULT 'km',
    timezone              text NOT NULL DEFAULT 'Asia/Phnom_Penh',
    subscription_tier     subscription_tier NOT NULL DEFAULT 'free',
    email_verified        boolean NOT NULL DEFAULT false,
    phone_verified        boolean NOT NULL DEFAULT false,
    is_active             boolean NOT NULL DEFAULT true,
    deactivated_reason    text,
    deletion_scheduled_at timestamptz,
    password_changed_at   timestamptz,
    last_login_at         timestamptz,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "user.email_format" CHECK (char_length(email) <= 254 AND email ~ '^[^@[:space:][:cntrl:]]+@[^@[:space:][:cntrl:]]+\.[^@[:space:][:cntrl:]]+$'),
    CONSTRAINT "user.phone_format" CHECK (phone_number ~ '^\+?[0-9]{6,15}$'),
    CONSTRAINT "user.first_name_length" CHECK (char_length(btrim(first_name)) BETWEEN 1 AND 100),
    CONSTRAINT "user.last_name_length" CHECK (char_length(btrim(last_name)) BETWEEN 1 AND 100),
    CONSTRAINT "user.language" CHECK (language IN ('km', 'en', 'fr')),
    CONSTRAINT "user.timezone" FOREIGN KEY (timezone) REFERENCES timezones (name),
    CONSTRAINT "user.password_hash_form" CHECK (password_hash LIKE '$argon2id$%')
);
CREATE UNIQUE INDEX "user.email_taken" ON users (lower(email));
CREATE UNIQUE INDEX "user.phone_taken" ON users (phone_number) WHERE phone_number IS NOT NULL;
CREATE INDEX users_deletion_due ON users (deletion_scheduled_at) WHERE deletion_scheduled_at IS NOT NULL;

-- One row per session (token family). Rotation replaces the hash in place and counts the generation;
-- the hash before it stays, so that the immediate parent can be answered again for a few seconds.
CREATE TABLE user_sessions (
    id                     uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id                uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    refresh_token          bytea NOT NULL,
    previous_refresh_token bytea,
    generation             integer NOT NULL DEFAULT 0,
    rotated_at             timestamptz,
    idle_expires_at        timestamptz NOT NULL,
    expires_at             timestamptz NOT NULL,
    device_name            text,
    user_agent             text,
    ip                     inet,
    last_used_at           timestamptz NOT NULL DEFAULT now(),
    created_at             timestamptz NOT NULL DEFAULT now(),
    revoked_at             timestamptz,
    revoked_reason         text,
    CONSTRAINT "session.token_is_sha256" CHECK (octet_length(refresh_token) = 32 AND octet_length(previous_refresh_token) = 32),
    CONSTRAINT "session.generation" CHECK (generation >= 0),
    CONSTRAINT "session.device_name_length" CHECK (char_length(device_name) <= 100),
    CONSTRAINT "session.user_agent_length" CHECK (char_length(user_agent) <= 512),
    CONSTRAINT "session.revoked_reason" CHECK (revoked_reason IN ('logout', 'ended', 'reuse', 'expired', 'password_change', 'password_reset',
        'deactivated', 'role_change', 'deletion', 'limit')),
    CONSTRAINT "session.revoked_pair" CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL))
);
CREATE INDEX user_sessions_live ON user_sessions (user_id) WHERE revoked_at IS NULL;
CREATE INDEX user_sessions_user ON user_sessions (user_id, id DESC);
CREATE INDEX user_sessions_expiry ON user_sessions (expires_at);

CREATE TABLE subscription_plans (
    id            uuid PRIMARY KEY DEFAULT uuid_v7(),
    name          text NOT NULL,
    tier          subscription_tier NOT NULL,
    price_monthly numeric(10, 2) NOT NULL,
    price_yearly  numeric(10, 2),
    currency      text NOT NULL DEFAULT 'USD',
    features      jsonb NOT NULL DEFAULT '{}',
    is_active     boolean NOT NULL DEFAULT true,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "plan.name_taken" UNIQUE (name),
    CONSTRAINT "plan.price_range" CHECK (price_monthly >= 0 AND price_yearly >= 0),
    CONSTRAINT "plan.currency" CHECK (currency ~ '^[A-Z]{3}$')
);

CREATE TABLE user_subscriptions (
    id                   uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id              uuid NOT NULL REFERENCES users,
    plan_id              uuid NOT NULL REFERENCES subscription_plans,
    status               text NOT NULL DEFAULT 'incomplete',
    cycle                text NOT NULL DEFAULT 'monthly',
    current_period_start timestamptz,
    current_period_end   timestamptz,
    cancel_at_period_end boolean NOT NULL DEFAULT false,
    created_at           timestamptz NOT NULL DEFAULT now(),
    updated_at           timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "subscription.status" CHECK (status IN ('incomplete', 'active', 'past_due', 'cancelled', 'expired')),
    CONSTRAINT "subscription.cycle" CHECK (cycle IN ('monthly', 'yearly')),
    CONSTRAINT "subscription.period_order" CHECK (current_period_end > current_period_start)
);
CREATE UNIQUE INDEX "subscription.already_active" ON user_subscriptions (user_id) WHERE status IN ('active', 'past_due');
CREATE INDEX user_subscriptions_user ON user_subscriptions (user_id);
CREATE INDEX user_subscriptions_plan ON user_subscriptions (plan_id);
CREATE INDEX user_subscriptions_period_end ON user_subscriptions (current_period_end) WHERE status IN ('active', 'past_due');

CREATE TABLE payment_transactions (
    id                uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id           uuid NOT NULL REFERENCES users,
    subscription_id   uuid REFERENCES user_subscriptions,
    amount            numeric(10, 2) NOT NULL,
    currency          text NOT NULL DEFAULT 'USD',
    status            text NOT NULL DEFAULT 'pending',
    gateway           text NOT NULL,
    gateway_reference text,
    processed_at      timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "payment.amount_range" CHECK (amount > 0),
    CONSTRAINT "payment.currency" CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT "payment.status" CHECK (status IN ('pending', 'completed', 'failed', 'refunded', 'expired')),
    CONSTRAINT "payment.reference_taken" UNIQUE (gateway, gateway_reference)
);
CREATE INDEX payment_transactions_user ON payment_transactions (user_id, id DESC);
CREATE INDEX payment_transactions_subscription ON payment_transactions (subscription_id);

CREATE TABLE prescriptions (
    id                 uuid PRIMARY KEY DEFAULT uuid_v7(),
    patient_id         uuid NOT NULL REFERENCES users,
    doctor_id          uuid REFERENCES users,
    created_by         uuid NOT NULL REFERENCES users,
    status             prescription_status NOT NULL DEFAULT 'processing',
    original_image_url text,
    prescription_date  date,
    notes              text,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "prescription.patient_pair" UNIQUE (id, patient_id),
    -- A storage name made by the server; never a path or an address.
    CONSTRAINT "prescription.image_name" CHECK (original_image_url ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,120}$'),
    CONSTRAINT "prescription.date_range" CHECK (prescription_date BETWEEN date '1990-01-01' AND date '2200-01-01'),
    CONSTRAINT "prescription.notes_length" CHECK (char_length(notes) <= 4000)
);
CREATE INDEX prescriptions_patient ON prescriptions (patient_id, id DESC);
CREATE INDEX prescriptions_patient_created ON prescriptions (patient_id, created_at DESC);
CREATE INDEX prescriptions_doctor ON prescriptions (doctor_id) WHERE doctor_id IS NOT NULL;
CREATE INDEX prescriptions_created_by ON prescriptions (created_by);
CREATE INDEX prescriptions_processing ON prescriptions (created_at) WHERE status = 'processing';

-- The three queues (this, outbox, jobs) share their first columns, so one worker loop serves all.
CREATE TABLE prescription_processing_queue (
    id              uuid PRIMARY KEY DEFAULT uuid_v7(),
    prescription_id uuid NOT NULL REFERENCES prescriptions ON DELETE CASCADE,
    kind            text NOT NULL DEFAULT 'ocr',
    status          text NOT NULL DEFAULT 'queued',
    priority        integer NOT NULL DEFAULT 0,
    payload         jsonb NOT NULL DEFAULT '{}',
    run_after       timestamptz NOT NULL DEFAULT now(),
    attempts        integer NOT NULL DEFAULT 0,
    max_attempts    integer NOT NULL DEFAULT 3,
    locked_by       text,
    locked_until    timestamptz,
    last_error      text,
    stage           text DEFAULT 'queued',
    progress        integer NOT NULL DEFAULT 0,
    created_at      timestamptz NOT NULL DEFAULT now(),
    started_at      timestamptz,
    completed_at    timestamptz,
    CONSTRAINT "queue.status" CHECK (status IN ('queued', 'running', 'done', 'dead')),
    CONSTRAINT "queue.progress_range" CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT "queue.attempts_range" CHECK (attempts >= 0 AND max_attempts BETWEEN 1 AND 100),
    CONSTRAINT "queue.lease" CHECK ((status = 'running') = (locked_by IS NOT NULL AND locked_until IS NOT NULL))
);
CREATE INDEX prescription_queue_claim ON prescription_processing_queue (priority DESC, run_after) WHERE status = 'queued';
CREATE INDEX prescription_queue_lease ON prescription_processing_queue (locked_until) WHERE status = 'running';
CREATE INDEX prescription_queue_prescription ON prescription_processing_queue (prescription_id, id DESC);
CREATE UNIQUE INDEX "prescription.already_queued" ON prescription_processing_queue (prescription_id) WHERE status IN ('queued', 'running');

CREATE TABLE medications (
    id                uuid PRIMARY KEY DEFAULT uuid_v7(),
    prescription_id   uuid NOT NULL,
    patient_id        uuid NOT NULL,
    sequence_number   integer NOT NULL,
    name              text NOT NULL,
    strength          text,
    form              text,
    quantity          numeric(8, 2),
    quantity_unit     text,
    duration_days     integer,
    dose_morning      numeric(6, 2) NOT NULL DEFAULT 0,
    dose_noon         numeric(6, 2) NOT NULL DEFAULT 0,
    dose_evening      numeric(6, 2) NOT NULL DEFAULT 0,
    dose_night        numeric(6, 2) NOT NULL DEFAULT 0,
    dose_unit         text,
    instructions      text,
    is_active         boolean NOT NULL DEFAULT true,
    ended_at          timestamptz,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "medication.prescription" FOREIGN KEY (prescription_id, patient_id) REFERENCES prescriptions (id, patient_id),
    CONSTRAINT "medication.patient_pair" UNIQUE (id, patient_id),
    CONSTRAINT "medication.sequence_range" CHECK (sequence_number BETWEEN 1 AND 100),
    CONSTRAINT "medication.sequence_taken" UNIQUE (prescription_id, sequence_number) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT "medication.name_length" CHECK (char_length(name) <= 200),
    CONSTRAINT "medication.text_length" CHECK (char_length(strength) <= 100 AND char_length(form) <= 50 AND char_length(quantity_unit) <= 50
        AND char_length(dose_unit) <= 50 AND char_length(instructions) <= 1000),
    CONSTRAINT "medication.quantity_range" CHECK (quantity >= 0 AND quantity <= 10000),
    CONSTRAINT "medication.duration_range" CHECK (duration_days BETWEEN 1 AND 3650),
    CONSTRAINT "medication.dose_range" CHECK (dose_morning BETWEEN 0 AND 500 AND dose_noon BETWEEN 0 AND 500
        AND dose_evening BETWEEN 0 AND 500 AND dose_night BETWEEN 0 AND 500)
);
CREATE INDEX medications_prescription ON medications (prescription_id, sequence_number);
CREATE INDEX medications_patient ON medications (patient_id, id DESC);
CREATE INDEX medications_patient_active ON medications (patient_id, id DESC) WHERE is_active;

CREATE TABLE medication_schedule_templates (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id      uuid REFERENCES users ON DELETE CASCADE,    -- NULL: a system preset
    name         text NOT NULL,
    morning_time time NOT NULL,
    noon_time    time NOT NULL,
    evening_time time NOT NULL,
    night_time   time NOT NULL,
    is_default   boolean NOT NULL DEFAULT false,
    archived_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "template.name_length" CHECK (char_length(btrim(name)) BETWEEN 1 AND 100),
    CONSTRAINT "template.times_order" CHECK (morning_time < noon_time AND noon_time < evening_time AND evening_time < night_time)
);
CREATE UNIQUE INDEX "template.name_taken" ON medication_schedule_templates (coalesce(user_id, '00000000-0000-0000-0000-000000000000'), lower(name))
    WHERE archived_at IS NULL;
CREATE UNIQUE INDEX "template.default_taken" ON medication_schedule_templates (coalesce(user_id, '00000000-0000-0000-0000-000000000000'))
    WHERE is_default AND archived_at IS NULL;

CREATE TABLE medication_reminders (
    id                 uuid PRIMARY KEY DEFAULT uuid_v7(),
    medication_id      uuid NOT NULL,
    patient_id         uuid NOT NULL,
    template_id        uuid REFERENCES medication_schedule_templates ON DELETE SET NULL,
    template_snapshot  jsonb NOT NULL,       -- the times as they were when this reminder was made; immutable
    time_slot          text NOT NULL,
    scheduled_time     time NOT NULL,
    dose_amount        numeric(6, 2) NOT NULL,
    dose_unit          text,
    recurrence         jsonb NOT NULL DEFAULT '{"type": "daily"}',
    start_date         date NOT NULL,
    end_date           date,
    timezone           text NOT NULL,
    timezone_policy    text NOT NULL DEFAULT 'local',
    grace_minutes      integer NOT NULL DEFAULT 120,
    is_active          boolean NOT NULL DEFAULT true,
    critical           boolean NOT NULL DEFAULT false,
    paused_at          timestamptz,
    paused_until       timestamptz,
    ended_at           timestamptz,
    next_reminder_at   timestamptz,
    materialized_until date,                 -- doses exist up to and including this local date
    created_by         uuid REFERENCES users,
    created_at         timestamptz NOT NULL DEFAULT now(),
    updated_at         timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "reminder.medication" FOREIGN KEY (medication_id, patient_id) REFERENCES medications (id, patient_id),
    CONSTRAINT "reminder.patient_pair" UNIQUE (id, patient_id),
    CONSTRAINT "reminder.time_slot" CHECK (time_slot IN ('morning', 'noon', 'evening', 'night', 'custom')),
    CONSTRAINT "reminder.time_to_the_minute" CHECK (scheduled_time = date_trunc('minute', scheduled_time::interval)::time),
    CONSTRAINT "reminder.dose_range" CHECK (dose_amount > 0 AND dose_amount <= 500),
    CONSTRAINT "reminder.dose_unit_length" CHECK (char_length(dose_unit) <= 50),
    CONSTRAINT "reminder.date_order" CHECK (end_date >= start_date),
    CONSTRAINT "reminder.date_range" CHECK (start_date BETWEEN date '2000-01-01' AND date '2200-01-01' AND end_date <= date '2200-01-01'),
    CONSTRAINT "reminder.timezone" FOREIGN KEY (timezone) REFERENCES timezones (name),
    CONSTRAINT "reminder.timezone_policy" CHECK (timezone_policy IN ('local', 'fixed')),
    CONSTRAINT "reminder.grace_range" CHECK (grace_minutes BETWEEN 15 AND 720),
    CONSTRAINT "reminder.pause_order" CHECK (paused_until IS NULL OR paused_at IS NOT NULL AND paused_until > paused_at)
);
CREATE UNIQUE INDEX "reminder.duplicate" ON medication_reminders (medication_id, scheduled_time, start_date) WHERE is_active;
CREATE INDEX medication_reminders_patient ON medication_reminders (patient_id, id DESC);
CREATE INDEX medication_reminders_medication ON medication_reminders (medication_id);
CREATE INDEX medication_reminders_template ON medication_reminders (template_id) WHERE template_id IS NOT NULL;
CREATE INDEX medication_reminders_next ON medication_reminders (next_reminder_at) WHERE is_active;
CREATE INDEX medication_reminders_patient_next ON medication_reminders (patient_id, next_reminder_at) WHERE is_active;
CREATE INDEX medication_reminders_horizon ON medication_reminders (materialized_until) WHERE is_active;

-- The doses: a row per occurrence. The id's time part is the local date and time of the occurrence
-- (see uuid_date), so that `id = x AND scheduled_date = uuid_date(x)` prunes to one partition.
CREATE TABLE medication_reminder_logs (
    id             uuid NOT NULL,
    reminder_id    uuid,                     -- NULL: an as-needed dose
    medication_id  uuid NOT NULL,
    patient_id     uuid NOT NULL,
    scheduled_date date NOT NULL,            -- local date and wall time in `timezone`
    scheduled_time time NOT NULL,
    time_slot      text NOT NULL,
    timezone       text NOT NULL,
    due_at         timestamptz NOT NULL,
    grace_until    timestamptz NOT NULL,     -- frozen when made: later edits never turn a kept dose into a missed one
    fire_at        timestamptz NOT NULL,     -- when to remind next: due_at, then the end of a snooze
    fired_at       timestamptz,
    fire_count     integer NOT NULL DEFAULT 0,
    status         text NOT NULL DEFAULT 'pending',
    dose_amount    numeric(6, 2) NOT NULL,
    dose_unit      text,
    actual_time    timestamptz,
    taken_late     boolean NOT NULL DEFAULT false,
    dose_taken     numeric(6, 2),
    snoozed_until  timestamptz,
    skip_reason    text,
    notes          text,
    recorded_by    uuid,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, scheduled_date),
    CONSTRAINT "dose.once" UNIQUE (reminder_id, scheduled_date, scheduled_time),
    CONSTRAINT "dose.reminder" FOREIGN KEY (reminder_id, patient_id) REFERENCES medication_reminders (id, patient_id),
    CONSTRAINT "dose.medication" FOREIGN KEY (medication_id, patient_id) REFERENCES medications (id, patient_id),
    CONSTRAINT "dose.id_dated" CHECK (uuid_date(id) = scheduled_date),
    CONSTRAINT "dose.status" CHECK (status IN ('pending', 'taken', 'skipped', 'missed', 'snoozed')),
    CONSTRAINT "dose.amount_range" CHECK (dose_amount > 0 AND dose_amount <= 500 AND dose_taken > 0 AND dose_taken <= 500),
    CONSTRAINT "dose.taken_complete" CHECK ((status = 'taken') = (actual_time IS NOT NULL AND dose_taken IS NOT NULL)),
    CONSTRAINT "dose.late_only_taken" CHECK (NOT taken_late OR status = 'taken'),
    CONSTRAINT "dose.snooze_complete" CHECK ((status = 'snoozed') = (snoozed_until IS NOT NULL)),
    CONSTRAINT "dose.grace_order" CHECK (grace_until >= due_at),
    CONSTRAINT "dose.notes_length" CHECK (char_length(notes) <= 1000 AND char_length(skip_reason) <= 500)
) PARTITION BY RANGE (scheduled_date);
CREATE TABLE medication_reminder_logs_default PARTITION OF medication_reminder_logs DEFAULT;
CREATE INDEX medication_reminder_logs_patient ON medication_reminder_logs (patient_id, due_at);
CREATE INDEX medication_reminder_logs_medication ON medication_reminder_logs (medication_id, due_at);
CREATE INDEX medication_reminder_logs_fire ON medication_reminder_logs (fire_at) WHERE fired_at IS NULL AND status IN ('pending', 'snoozed');
CREATE INDEX medication_reminder_logs_grace ON medication_reminder_logs (grace_until) WHERE status IN ('pending', 'snoozed');

CREATE TABLE doctor_patient_relationships (
    id               uuid PRIMARY KEY DEFAULT uuid_v7(),
    doctor_id        uuid NOT NULL REFERENCES users,
    patient_id       uuid NOT NULL REFERENCES users,
    status           text NOT NULL DEFAULT 'requested',
    level            text NOT NULL DEFAULT 'none',
    prescription_ids uuid[] NOT NULL DEFAULT '{}',   -- for level 'selected'
    permissions      jsonb NOT NULL DEFAULT '{}',
    message          text,
    reason           text,
    requested_at     timestamptz NOT NULL DEFAULT now(),
    decided_at       timestamptz,
    revoked_at       timestamptz,
    revoked_by       uuid REFERENCES users,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "doctor_link.not_oneself" CHECK (doctor_id <> patient_id),
    CONSTRAINT "doctor_link.status" CHECK (status IN ('requested', 'active', 'rejected', 'revoked')),
    CONSTRAINT "doctor_link.level" CHECK (level IN ('none', 'request', 'selected', 'full')),
    CONSTRAINT "doctor_link.revoked_pair" CHECK ((status = 'revoked') = (revoked_at IS NOT NULL)),
    CONSTRAINT "doctor_link.text_length" CHECK (char_length(message) <= 500 AND char_length(reason) <= 500),
    CONSTRAINT "doctor_link.permissions_object" CHECK (jsonb_typeof(permissions) = 'object')
);
CREATE UNIQUE INDEX "doctor_link.exists" ON doctor_patient_relationships (doctor_id, patient_id) WHERE status IN ('requested', 'active');
CREATE INDEX doctor_links_patient ON doctor_patient_relationships (patient_id, id DESC);
CREATE INDEX doctor_links_doctor ON doctor_patient_relationships (doctor_id, id DESC);

CREATE TABLE clinical_notes (
    id                  uuid PRIMARY KEY DEFAULT uuid_v7(),
    doctor_id           uuid NOT NULL REFERENCES users,
    patient_id          uuid NOT NULL REFERENCES users,
    prescription_id     uuid,
    title               text NOT NULL,
    content             text NOT NULL,
    shared_with_patient boolean NOT NULL DEFAULT false,
    version             integer NOT NULL DEFAULT 1,
    archived_at         timestamptz,
    created_at          timestamptz NOT NULL DEFAULT now(),
    updated_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "note.prescription" FOREIGN KEY (prescription_id, patient_id) REFERENCES prescriptions (id, patient_id),
    CONSTRAINT "note.title_length" CHECK (char_length(btrim(title)) BETWEEN 1 AND 200),
    CONSTRAINT "note.content_length" CHECK (char_length(btrim(content)) BETWEEN 1 AND 20000)
);
CREATE INDEX clinical_notes_patient ON clinical_notes (patient_id, id DESC);
CREATE INDEX clinical_notes_doctor ON clinical_notes (doctor_id, id DESC);
CREATE INDEX clinical_notes_prescription ON clinical_notes (prescription_id) WHERE prescription_id IS NOT NULL;

CREATE TABLE notifications (
    id           uuid NOT NULL DEFAULT uuid_v7(),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    type         text NOT NULL,
    title        text NOT NULL,
    message      text NOT NULL,
    data         jsonb NOT NULL DEFAULT '{}',
    is_read      boolean NOT NULL DEFAULT false,
    read_at      timestamptz,
    delivered_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    CONSTRAINT "notification.read_pair" CHECK (is_read = (read_at IS NOT NULL))
) PARTITION BY RANGE (created_at);
CREATE TABLE notifications_default PARTITION OF notifications DEFAULT;
CREATE INDEX notifications_user ON notifications (user_id, created_at DESC, id DESC);
CREATE INDEX notifications_unread ON notifications (user_id, created_at DESC) WHERE NOT is_read;

CREATE TABLE usage_analytics (
    id         uuid NOT NULL DEFAULT uuid_v7(),
    user_id    uuid REFERENCES users ON DELETE SET NULL,
    event_type text NOT NULL,
    event_data jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    CONSTRAINT "event.type_form" CHECK (event_type ~ '^[a-z][a-z0-9_.]{0,63}$'),
    CONSTRAINT "event.data_size" CHECK (pg_column_size(event_data) <= 4096)
) PARTITION BY RANGE (created_at);
CREATE TABLE usage_analytics_default PARTITION OF usage_analytics DEFAULT;
CREATE INDEX usage_analytics_user ON usage_analytics (user_id, created_at DESC);
CREATE INDEX usage_analytics_type ON usage_analytics (event_type, created_at DESC);

-- Who did what to whose data. No foreign keys: the row outlives the account it speaks of.
CREATE TABLE audit_logs (
    id            uuid NOT NULL DEFAULT uuid_v7(),
    user_id       uuid,
    role          text,
    action        text NOT NULL,
    resource_type text NOT NULL,
    resource_id   uuid,
    patient_id    uuid,
    session_id    uuid,
    request_id    text,
    ip            text,
    detail        jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at)
) PARTITION BY RANGE (created_at);
CREATE TABLE audit_logs_default PARTITION OF audit_logs DEFAULT;
CREATE INDEX audit_logs_patient ON audit_logs (patient_id, created_at DESC);
CREATE INDEX audit_logs_user ON audit_logs (user_id, created_at DESC);
