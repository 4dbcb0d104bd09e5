-- 024: as in 023, for what a taken dose writes besides: its event and the head of an audit chain, both written by one function each that
-- cannot write anything else.

ALTER TABLE dose_events
    DROP CONSTRAINT "dose_event.event",
    DROP CONSTRAINT "dose_event.device_length",
    DROP CONSTRAINT "dose_event.note_length";
ALTER TABLE audit_heads DROP CONSTRAINT "audit.chain_range";
