-- 018: every call of a payment gateway, once, as it came; an entitlement only ever follows a completed transaction.

CREATE TABLE payment_events (
    id               uuid PRIMARY KEY DEFAULT uuid_v7(),
    gateway          text NOT NULL,
    gateway_event_id text NOT NULL,
    transaction_id   uuid REFERENCES payment_transactions,
    payload          jsonb NOT NULL,
    received_at      timestamptz NOT NULL DEFAULT now(),
    processed_at     timestamptz,
    CONSTRAINT "payment.event_seen" UNIQUE (gateway, gateway_event_id)
);
CREATE INDEX payment_events_transaction ON payment_events (transaction_id) WHERE transaction_id IS NOT NULL;

ALTER TABLE payment_transactions
    ADD COLUMN plan_id uuid REFERENCES subscription_plans,
    ADD COLUMN cycle   text,
    ADD CONSTRAINT "payment.cycle" CHECK (cycle IN ('monthly', 'yearly'));
CREATE INDEX payment_transactions_plan ON payment_transactions (plan_id) WHERE plan_id IS NOT NULL;
