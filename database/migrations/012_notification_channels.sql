-- 012: the kinds of notices and their words, who wants which by what channel, devices for push, private calendar feeds.

CREATE TABLE notification_types (
    type     text PRIMARY KEY,
    title    jsonb NOT NULL,                 -- {"km": …, "en": …, "fr": …}; says nothing about health, fit for a lock screen
    message  jsonb NOT NULL,                 -- may hold {placeholders} filled from the notice's data
    in_app   boolean NOT NULL DEFAULT true,
    email    boolean NOT NULL DEFAULT false,
    push     boolean NOT NULL DEFAULT false,
    CONSTRAINT "notification_type.form" CHECK (type ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT "notification_type.languages" CHECK (title ?& ARRAY['km', 'en', 'fr'] AND message ?& ARRAY['km', 'en', 'fr'])
);
ALTER TABLE notifications ADD CONSTRAINT "notification.type" FOREIGN KEY (type) REFERENCES notification_types (type);

CREATE TABLE notification_preferences (
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    type       text NOT NULL,
    channel    text NOT NULL,
    enabled    boolean NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, type, channel),
    CONSTRAINT "preference.type" FOREIGN KEY (type) REFERENCES notification_types (type) ON DELETE CASCADE,
    CONSTRAINT "preference.channel" CHECK (channel IN ('in_app', 'email', 'push'))
);

CREATE TABLE device_tokens (
    id         uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id    uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    session_id uuid REFERENCES user_sessions ON DELETE CASCADE,
    endpoint   text NOT NULL,
    p256dh     bytea NOT NULL,
    auth       bytea NOT NULL,
    failures   integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    last_ok_at timestamptz,
    CONSTRAINT "device.endpoint_taken" UNIQUE (endpoint),
    CONSTRAINT "device.endpoint_form" CHECK (endpoint ~ '^https://' AND char_length(endpoint) <= 1000),
    CONSTRAINT "device.key_size" CHECK (octet_length(p256dh) = 65 AND octet_length(auth) = 16)
);
CREATE INDEX device_tokens_user ON device_tokens (user_id);
CREATE INDEX device_tokens_session ON device_tokens (session_id) WHERE session_id IS NOT NULL;

CREATE TABLE calendar_feeds (
    id           uuid PRIMARY KEY DEFAULT uuid_v7(),
    user_id      uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    token_hash   bytea NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_read_at timestamptz,
    revoked_at   timestamptz,
    CONSTRAINT "calendar.token_taken" UNIQUE (token_hash),
    CONSTRAINT "calendar.token_is_sha256" CHECK (octet_length(token_hash) = 32)
);
CREATE INDEX calendar_feeds_user ON calendar_feeds (user_id);
