-- 004: how far a person has come in setting up the account. It moves forward only (trigger in functions/identity.sql).

CREATE TYPE onboarding_status AS ENUM ('pending', 'role_selected', 'profile_pending', 'active');

ALTER TABLE users
    ADD COLUMN onboarding_status onboarding_status NOT NULL DEFAULT 'pending',
    ADD CONSTRAINT "onboarding.role_with_status" CHECK ((onboarding_status = 'pending') = (role IS NULL));
CREATE INDEX users_onboarding ON users (created_at) WHERE onboarding_status <> 'active';
CREATE INDEX users_role ON users (role, id DESC);
