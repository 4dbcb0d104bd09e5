-- 009: deliveries to the outside (outbox) and background jobs, with the queue columns of prescription_processing_queue.

CREATE TABLE outbox (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id      uuid REFERENCES users ON DELETE CASCADE,
    dedupe_key   text,
    sealed       bytea,                      -- a secret to be delivered, encrypted by its sender; wiped when the row is finished
    kind         text NOT NULL,
    status       text NOT NULL DEFAULT 'queued',
    priority     integer NOT NULL DEFAULT 0,
    payload      jsonb NOT NULL DEFAULT '{}',
    run_after    timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 8,
    locked_by    text,
    locked_until timestamptz,
    last_error   text,
    stage        text,
    progress     integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    completed_at timestamptz,
    CONSTRAINT "outbox.kind" CHECK (kind IN ('in_app', 'email', 'push', 'sms', 'webhook')),
    CONSTRAINT "queue.status" CHECK (status IN ('queued', 'running', 'done', 'dead')),
    CONSTRAINT "queue.progress_range" CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT "queue.attempts_range" CHECK (attempts >= 0 AND max_attempts BETWEEN 1 AND 100),
    CONSTRAINT "queue.lease" CHECK ((status = 'running') = (locked_by IS NOT NULL AND locked_until IS NOT NULL)),
    CONSTRAINT "outbox.sealed_wiped" CHECK (sealed IS NULL OR status IN ('queued', 'running'))
);
CREATE UNIQUE INDEX "outbox.seen" ON outbox (kind, dedupe_key) WHERE dedupe_key IS NOT NULL;
CREATE INDEX outbox_claim ON outbox (priority DESC, run_after) WHERE status = 'queued';
CREATE INDEX outbox_lease ON outbox (locked_until) WHERE status = 'running';
CREATE INDEX outbox_user ON outbox (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX outbox_finished ON outbox (completed_at) WHERE status IN ('done', 'dead');

CREATE TABLE jobs (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id      uuid REFERENCES users ON DELETE CASCADE,    -- who asked; rights are checked again when it runs
    patient_id   uuid REFERENCES users ON DELETE CASCADE,
    result       jsonb,
    kind         text NOT NULL,
    status       text NOT NULL DEFAULT 'queued',
    priority     integer NOT NULL DEFAULT 0,
    payload      jsonb NOT NULL DEFAULT '{}',
    run_after    timestamptz NOT NULL DEFAULT now(),
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 5,
    locked_by    text,
    locked_until timestamptz,
    last_error   text,
    stage        text,
    progress     integer NOT NULL DEFAULT 0,
    created_at   timestamptz NOT NULL DEFAULT now(),
    started_at   timestamptz,
    completed_at timestamptz,
    CONSTRAINT "job.kind" CHECK (kind ~ '^[a-z][a-z_]{0,39}$'),
    CONSTRAINT "queue.status" CHECK (status IN ('queued', 'running', 'done', 'dead')),
    CONSTRAINT "queue.progress_range" CHECK (progress BETWEEN 0 AND 100),
    CONSTRAINT "queue.attempts_range" CHECK (attempts >= 0 AND max_attempts BETWEEN 1 AND 100),
    CONSTRAINT "queue.lease" CHECK ((status = 'running') = (locked_by IS NOT NULL AND locked_until IS NOT NULL))
);
CREATE INDEX jobs_claim ON jobs (priority DESC, run_after) WHERE status = 'queued';
CREATE INDEX jobs_lease ON jobs (locked_until) WHERE status = 'running';
CREATE INDEX jobs_user ON jobs (user_id, id DESC) WHERE user_id IS NOT NULL;
CREATE INDEX jobs_patient ON jobs (patient_id) WHERE patient_id IS NOT NULL;
CREATE INDEX jobs_finished ON jobs (completed_at) WHERE status IN ('done', 'dead');

ALTER TABLE ai_reports ADD COLUMN job_id uuid REFERENCES jobs ON DELETE SET NULL;
CREATE INDEX ai_reports_job ON ai_reports (job_id) WHERE job_id IS NOT NULL;
