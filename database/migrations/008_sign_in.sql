-- 008: throttling of guesses, one-time codes, the second factor, outside identities, consents. Secrets are kept hashed or sealed.

-- Failures per scope and key (a SHA-256 of the account, address prefix or code family). PostgreSQL is the
-- truth here: losing Redis must never open a limit.
CREATE TABLE sign_in_throttle (
    scope         text NOT NULL,
    key           bytea NOT NULL,
    failures      integer NOT NULL DEFAULT 0,
    window_start  timestamptz NOT NULL DEFAULT now(),
    blocked_until timestamptz,
    PRIMARY KEY (scope, key),
    CONSTRAINT "throttle.key_is_sha256" CHECK (octet_length(key) = 32),
    CONSTRAINT "throttle.scope_form" CHECK (scope ~ '^[a-z_]{1,40}$')
);
CREATE INDEX sign_in_throttle_window ON sign_in_throttle (window_start);

CREATE TABLE verification_codes (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose      text NOT NULL,
    target       text NOT NULL,              -- the address or number the code proves
    code_hash    bytea NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    max_attempts integer NOT NULL DEFAULT 5,
    expires_at   timestamptz NOT NULL,
    used_at      timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "code.purpose" CHECK (purpose IN ('email_verify', 'phone_verify', 'email_change', 'phone_change', 'password_reset')),
    CONSTRAINT "code.is_sha256" CHECK (octet_length(code_hash) = 32),
    CONSTRAINT "code.lifetime" CHECK (expires_at > created_at AND expires_at <= created_at + interval '24 hours')
);
CREATE UNIQUE INDEX verification_codes_live ON verification_codes (user_id, purpose) WHERE used_at IS NULL;
CREATE INDEX verification_codes_hash ON verification_codes (code_hash);
CREATE INDEX verification_codes_expiry ON verification_codes (expires_at);

CREATE TABLE totp_secrets (
    user_id      uuid PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    sealed       bytea NOT NULL,             -- encrypted by the auth module; the key never enters the database
    key_id       text NOT NULL,
    last_counter bigint,                     -- a code counts once
    confirmed_at timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE recovery_codes (
    user_id   uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    used_at   timestamptz,
    PRIMARY KEY (user_id, code_hash),
    CONSTRAINT "recovery_code.is_sha256" CHECK (octet_length(code_hash) = 32)
);

CREATE TABLE auth_identities (
    id             uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id        uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    provider       text NOT NULL,
    subject        text NOT NULL,
    email          text,
    email_verified boolean NOT NULL DEFAULT false,
    created_at     timestamptz NOT NULL DEFAULT now(),
    last_login_at  timestamptz,
    CONSTRAINT "identity.taken" UNIQUE (provider, subject)
);
CREATE INDEX auth_identities_user ON auth_identities (user_id);

CREATE TABLE user_consents (
    id         uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    purpose    text NOT NULL,
    version    text NOT NULL,
    granted    boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "consent.purpose" CHECK (purpose ~ '^[a-z_]{1,40}$')
);
CREATE INDEX user_consents_user ON user_consents (user_id, purpose, id DESC);

ALTER TABLE users ADD COLUMN totp_enabled boolean NOT NULL DEFAULT false;
