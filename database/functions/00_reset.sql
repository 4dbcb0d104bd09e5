-- Clears the ground before the files of this folder are applied, in the same transaction: afterwards the database holds exactly the
-- functions, views, triggers, policies and grants that the files say, and nothing of an earlier version. Tables and what they hold are
-- not touched; a function that a column, a constraint or an index stands on (uuid_v7) belongs to the migrations and stays.

DO $$
DECLARE
    what record;
BEGIN
    FOR what IN SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP POLICY %I ON %I', what.policyname, what.tablename);
    END LOOP;
    FOR what IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'v'
                   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') LOOP
        EXECUTE format('DROP VIEW IF EXISTS %I CASCADE', what.relname);
    END LOOP;
    FOR what IN SELECT p.oid FROM pg_proc p
                 WHERE p.pronamespace = 'public'::regnamespace
                   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
                   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_proc'::regclass AND d.refobjid = p.oid
                                    AND d.classid IN ('pg_attrdef'::regclass, 'pg_constraint'::regclass, 'pg_class'::regclass)) LOOP
        IF EXISTS (SELECT FROM pg_proc WHERE oid = what.oid) THEN        -- may have gone with one before it
            EXECUTE format('DROP ROUTINE %s CASCADE', what.oid::regprocedure);
        END IF;
    END LOOP;
    FOR what IN SELECT rolname FROM pg_roles WHERE rolname LIKE 'dastern\_%' LOOP
        EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA public FROM %I', what.rolname);
        EXECUTE format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA public FROM %I', what.rolname);
    END LOOP;
END $$;

-- A new function is nobody's until it is granted.
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC;
