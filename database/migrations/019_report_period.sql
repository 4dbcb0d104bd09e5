-- 019: the days a report is about, and whose medicines it names, so that hiding one later hides the report as well.

ALTER TABLE ai_reports
    ADD COLUMN period_from    date,
    ADD COLUMN period_to      date,
    ADD COLUMN medication_ids uuid[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT "report.period" CHECK (period_to >= period_from);
