-- The PostgreSQL roles of the run-time programs, one per executable. Run by an administrator before the migrations; safe to repeat.
-- None owns a table, creates anything or gets past row-level security. No passwords here: the local stack uses peer
-- authentication over a unix socket; elsewhere the operator sets SCRAM passwords or certificates.

DO $$
DECLARE
    name text;
    modules text[] := '{auth,prescriptions,reminders,family,doctors,notifications,reports,billing,admin}';
    workers text[] := '{ocr_worker,scheduler_worker,delivery_worker,report_worker,account_worker}';
    -- Those of a stack whose modules/ hold more: names with commas between them.
    more text[] := string_to_array(coalesce(current_setting('dastern.executables', true), ''), ',');
BEGIN
    SELECT modules || array_agg(x) FILTER (WHERE x NOT LIKE '%\_worker'), workers || array_agg(x) FILTER (WHERE x LIKE '%\_worker')
      INTO modules, workers
      FROM unnest(more) x WHERE x <> '' AND x <> ALL (modules || workers);
    IF to_regrole('dastern') IS NULL THEN
        CREATE ROLE dastern LOGIN;
    END IF;
    FOREACH name IN ARRAY ARRAY['dastern_module', 'dastern_worker'] LOOP      -- groups: what all modules, all workers may
        IF to_regrole(name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', name);
        END IF;
    END LOOP;
    FOREACH name IN ARRAY modules || workers LOOP
        IF to_regrole('dastern_' || name) IS NULL THEN
            EXECUTE format('CREATE ROLE %I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS', 'dastern_' || name);
        END IF;
        EXECUTE format('GRANT %I TO %I', CASE WHEN name = ANY (modules) THEN 'dastern_module' ELSE 'dastern_worker' END, 'dastern_' || name);
        -- A request never waits long for the database; a worker may.
        EXECUTE format('ALTER ROLE %I SET statement_timeout = %L', 'dastern_' || name, CASE WHEN name = ANY (modules) THEN '5s' ELSE '60s' END);
        EXECUTE format('ALTER ROLE %I SET lock_timeout = %L', 'dastern_' || name, CASE WHEN name = ANY (modules) THEN '3s' ELSE '10s' END);
        EXECUTE format('ALTER ROLE %I SET idle_in_transaction_session_timeout = %L', 'dastern_' || name, '15s');
        EXECUTE format('ALTER ROLE %I SET timezone = %L', 'dastern_' || name, 'UTC');
    END LOOP;
END $$;
