-- 003: relatives who follow a patient, generated reports, and the assistant's conversations.

CREATE TABLE family_relationships (
    id                uuid PRIMARY KEY DEFAULT uuid_v7(),
    patient_id        uuid NOT NULL REFERENCES users,
    family_member_id  uuid NOT NULL REFERENCES users,
    relationship_type text NOT NULL,
    status            text NOT NULL DEFAULT 'active',
    permissions       jsonb NOT NULL DEFAULT '{}',
    revoked_at        timestamptz,
    revoked_by        uuid REFERENCES users,
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "family.not_oneself" CHECK (patient_id <> family_member_id),
    CONSTRAINT "family.relationship_length" CHECK (char_length(btrim(relationship_type)) BETWEEN 1 AND 50),
    CONSTRAINT "family.status" CHECK (status IN ('active', 'revoked')),
    CONSTRAINT "family.revoked_pair" CHECK ((status = 'revoked') = (revoked_at IS NOT NULL))
);
CREATE UNIQUE INDEX "family.already_connected" ON family_relationships (patient_id, family_member_id) WHERE status = 'active';
CREATE INDEX family_relationships_patient ON family_relationships (patient_id, id DESC);
CREATE INDEX family_relationships_member ON family_relationships (family_member_id, id DESC);
CREATE INDEX family_relationships_live ON family_relationships (family_member_id) WHERE status = 'active';

CREATE TABLE ai_reports (
    id                  uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id             uuid NOT NULL REFERENCES users,      -- who asked
    patient_id          uuid NOT NULL REFERENCES users,      -- whose data
    prescription_id     uuid,
    report_type         text NOT NULL,
    language            text NOT NULL DEFAULT 'km',
    status              text NOT NULL DEFAULT 'queued',
    title               text,
    summary             text,
    content             jsonb,
    ai_confidence_score numeric(4, 3),
    error               text,
    created_at          timestamptz NOT NULL DEFAULT now(),
    completed_at        timestamptz,
    CONSTRAINT "report.prescription" FOREIGN KEY (prescription_id, patient_id) REFERENCES prescriptions (id, patient_id),
    CONSTRAINT "report.type" CHECK (report_type IN ('medical_summary', 'risk_analysis', 'trend_analysis', 'prescription_history', 'medication_adherence')),
    CONSTRAINT "report.language" CHECK (language IN ('km', 'en', 'fr')),
    CONSTRAINT "report.status" CHECK (status IN ('queued', 'running', 'done', 'error')),
    CONSTRAINT "report.confidence_range" CHECK (ai_confidence_score BETWEEN 0 AND 1),
    CONSTRAINT "report.complete" CHECK (status <> 'done' OR content IS NOT NULL AND completed_at IS NOT NULL)
);
CREATE INDEX ai_reports_user ON ai_reports (user_id, id DESC);
CREATE INDEX ai_reports_patient ON ai_reports (patient_id, id DESC);
CREATE INDEX ai_reports_prescription ON ai_reports (prescription_id) WHERE prescription_id IS NOT NULL;

CREATE TABLE ai_chat_conversations (
    id              uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id         uuid NOT NULL REFERENCES users,
    prescription_id uuid REFERENCES prescriptions,
    title           text NOT NULL,
    archived_at     timestamptz,
    created_at      timestamptz NOT NULL DEFAULT now(),
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "chat.title_length" CHECK (char_length(btrim(title)) BETWEEN 1 AND 200)
);
CREATE INDEX ai_chat_conversations_user ON ai_chat_conversations (user_id, id DESC);
CREATE INDEX ai_chat_conversations_prescription ON ai_chat_conversations (prescription_id) WHERE prescription_id IS NOT NULL;

CREATE TABLE ai_chat_messages (
    id                  uuid PRIMARY KEY DEFAULT uuid_v7(),
    conversation_id     uuid NOT NULL REFERENCES ai_chat_conversations ON DELETE CASCADE,
    message_type        text NOT NULL,
    content             text NOT NULL,
    ai_confidence_score numeric(4, 3),
    created_at          timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "chat.message_type" CHECK (message_type IN ('user', 'assistant', 'system')),
    CONSTRAINT "chat.content_length" CHECK (char_length(content) BETWEEN 1 AND 20000),
    CONSTRAINT "chat.confidence_range" CHECK (ai_confidence_score BETWEEN 0 AND 1)
);
CREATE INDEX ai_chat_messages_conversation ON ai_chat_messages (conversation_id, id);
