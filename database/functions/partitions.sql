-- Monthly partitions of the tables that grow with time, made ahead by the scheduler and on every migration.

-- From last month to `months_ahead` months from now. A month that already has rows in the default partition stays there: making its
-- partition would mean moving them, and the audit log's must not move. Returns how many were made.
CREATE OR REPLACE FUNCTION make_partitions(months_ahead integer DEFAULT 3) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp SET timezone = 'UTC'
AS $$
DECLARE
    t record;
    month date;
    part text;
    in_default boolean;
    made integer := 0;
BEGIN
    FOR t IN VALUES ('medication_reminder_logs', 'scheduled_date'), ('notifications', 'created_at'),
                    ('usage_analytics', 'created_at'), ('audit_logs', 'created_at') LOOP
        FOR month IN SELECT generate_series(date_trunc('month', now()) - interval '1 month',
                                            date_trunc('month', now()) + months_ahead * interval '1 month', interval '1 month') LOOP
            part := t.column1 || to_char(month, '"_p"YYYY"_"MM');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE %I >= %L AND %I < %L)', t.column1 || '_default', t.column2, month,
                           t.column2, month + interval '1 month') INTO in_default;
            CONTINUE WHEN in_default;
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, t.column1, month, month + interval '1 month');
            IF t.column1 = 'audit_logs' THEN
                EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', part);
            END IF;
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END $$;
