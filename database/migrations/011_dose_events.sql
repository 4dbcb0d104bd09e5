-- 011: what was done to a dose, by whom and when, also when it was taken back. Append-only; the dose row is the sum of it.

CREATE TABLE dose_events (
    id              uuid PRIMARY KEY DEFAULT uuid_v7(),
    dose_id         uuid NOT NULL,
    scheduled_date  date NOT NULL,
    patient_id      uuid NOT NULL REFERENCES users,
    medication_id   uuid NOT NULL,
    event           text NOT NULL,
    from_status     text,
    to_status       text NOT NULL,
    at              timestamptz NOT NULL DEFAULT now(),      -- when it happened, as told; created_at is when we learnt it
    actor_id        uuid,                                    -- NULL: the scheduler
    client_event_id uuid,
    device          text,
    amount          numeric(6, 2),
    note            text,
    undone          jsonb,                                   -- for undo: the dose as it was
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "dose_event.dose" FOREIGN KEY (dose_id, scheduled_date) REFERENCES medication_reminder_logs (id, scheduled_date),
    CONSTRAINT "dose_event.event" CHECK (event IN ('take', 'skip', 'snooze', 'undo', 'miss', 'log')),
    CONSTRAINT "dose_event.device_length" CHECK (char_length(device) <= 100),
    CONSTRAINT "dose_event.note_length" CHECK (char_length(note) <= 1000)
);
CREATE UNIQUE INDEX "dose.event_seen" ON dose_events (patient_id, client_event_id) WHERE client_event_id IS NOT NULL;
CREATE INDEX dose_events_dose ON dose_events (dose_id, scheduled_date, id DESC);
CREATE INDEX dose_events_medication ON dose_events (medication_id);

-- What the dose functions answer.
CREATE TYPE dose_card AS (
    id                  uuid,
    reminder_id         uuid,
    medication_id       uuid,
    patient_id          uuid,
    medication_name     text,
    medication_strength text,
    medication_form     text,
    time_slot           text,
    due_at              timestamptz,
    local_date          date,
    local_time          time,
    status              text,
    grace_until         timestamptz,
    taken_at            timestamptz,
    taken_late          boolean,
    dose_amount         numeric(6, 2),
    dose_unit           text,
    dose_taken          numeric(6, 2),
    snoozed_until       timestamptz
);
