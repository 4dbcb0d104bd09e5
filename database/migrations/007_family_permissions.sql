-- 007: what a relative may do. The frequent checks are columns, deny unless exactly true; `permissions`
-- keeps room for rarer rules, with its set of keys closed until code knows a key.

ALTER TABLE family_relationships
    ADD COLUMN view_prescriptions    boolean NOT NULL DEFAULT false,
    ADD COLUMN view_reminders        boolean NOT NULL DEFAULT true,
    ADD COLUMN manage_reminders      boolean NOT NULL DEFAULT false,
    ADD COLUMN log_doses             boolean NOT NULL DEFAULT false,
    ADD COLUMN view_reports          boolean NOT NULL DEFAULT false,
    ADD COLUMN receive_alerts        boolean NOT NULL DEFAULT true,
    ADD COLUMN hidden_medication_ids uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN expires_at            timestamptz,
    ADD CONSTRAINT "family.permission_unknown" CHECK (permissions = '{}'),
    ADD CONSTRAINT "family.hidden_count" CHECK (cardinality(hidden_medication_ids) <= 200 AND array_position(hidden_medication_ids, NULL) IS NULL);

ALTER TABLE family_invitations
    ADD CONSTRAINT "family.permission_unknown" CHECK (permissions - ARRAY['view_prescriptions', 'view_reminders', 'manage_reminders',
        'log_doses', 'view_reports', 'receive_alerts'] = '{}'),
    ADD CONSTRAINT "family.permission_type" CHECK (NOT jsonb_path_exists(permissions, '$.* ? (@.type() != "boolean")'));

CREATE INDEX family_relationships_alerts ON family_relationships (patient_id) WHERE status = 'active' AND receive_alerts;
