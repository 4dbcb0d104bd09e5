-- 026: a profile that was begun and lacks something it needs. It becomes a row of the role's own table when it is whole.

CREATE TABLE profile_drafts (
    user_id    uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    fields     jsonb NOT NULL,               -- as in the contract
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "profile.draft_form" CHECK (jsonb_typeof(fields) = 'object')
);
