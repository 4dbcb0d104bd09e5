-- 006: a patient's invitation code, and the request of the relative who used it, which the patient then decides.

CREATE TABLE family_invitations (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    patient_id   uuid NOT NULL REFERENCES users,
    code_hash    bytea NOT NULL,
    relationship text NOT NULL,
    permissions  jsonb NOT NULL DEFAULT '{}',
    status       text NOT NULL DEFAULT 'pending',
    expires_at   timestamptz NOT NULL DEFAULT now() + interval '7 days',
    claimed_by   uuid REFERENCES users,
    claimed_at   timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "invitation.code_taken" UNIQUE (code_hash),
    CONSTRAINT "invitation.code_is_sha256" CHECK (octet_length(code_hash) = 32),
    CONSTRAINT "invitation.relationship_length" CHECK (char_length(btrim(relationship)) BETWEEN 1 AND 50),
    CONSTRAINT "invitation.permissions_object" CHECK (jsonb_typeof(permissions) = 'object'),
    CONSTRAINT "invitation.status" CHECK (status IN ('pending', 'claimed', 'accepted', 'rejected', 'revoked', 'expired')),
    CONSTRAINT "invitation.lifetime" CHECK (expires_at > created_at AND expires_at <= created_at + interval '31 days'),
    -- Single use: whoever comes first claims it.
    CONSTRAINT "invitation.claim" CHECK ((status IN ('claimed', 'accepted', 'rejected')) <= (claimed_by IS NOT NULL AND claimed_at IS NOT NULL))
);
CREATE INDEX family_invitations_patient ON family_invitations (patient_id, id DESC);
CREATE INDEX family_invitations_claimed_by ON family_invitations (claimed_by) WHERE claimed_by IS NOT NULL;
CREATE INDEX family_invitations_expiry ON family_invitations (expires_at) WHERE status IN ('pending', 'claimed');

CREATE TABLE family_connection_requests (
    id               uuid PRIMARY KEY DEFAULT uuid_v7(),
    invitation_id    uuid NOT NULL REFERENCES family_invitations,
    patient_id       uuid NOT NULL REFERENCES users,
    family_member_id uuid NOT NULL REFERENCES users,
    relationship     text NOT NULL,
    message          text,
    status           text NOT NULL DEFAULT 'pending',
    reason           text,
    decided_at       timestamptz,
    created_at       timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "connection.already_requested" UNIQUE (invitation_id, family_member_id),
    CONSTRAINT "connection.not_oneself" CHECK (patient_id <> family_member_id),
    CONSTRAINT "connection.status" CHECK (status IN ('pending', 'approved', 'rejected', 'withdrawn')),
    CONSTRAINT "connection.decided_pair" CHECK ((status = 'pending') = (decided_at IS NULL)),
    CONSTRAINT "connection.text_length" CHECK (char_length(message) <= 500 AND char_length(reason) <= 500)
);
CREATE INDEX family_connection_requests_patient ON family_connection_requests (patient_id, id DESC);
CREATE INDEX family_connection_requests_member ON family_connection_requests (family_member_id, id DESC);
CREATE INDEX family_connection_requests_open ON family_connection_requests (patient_id) WHERE status = 'pending';

ALTER TABLE family_relationships ADD COLUMN invitation_id uuid REFERENCES family_invitations;
CREATE INDEX family_relationships_invitation ON family_relationships (invitation_id) WHERE invitation_id IS NOT NULL;
