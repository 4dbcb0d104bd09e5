-- What must hold for the schema as a whole: every function compiles, nobody reaches more than said, nothing of the model is missing.
BEGIN;
SELECT plan(15);

-- Functions are stored unchecked (see migrate.sh); here each is checked.
CREATE FUNCTION pg_temp.broken_functions() RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    f record;
BEGIN
    SET LOCAL check_function_bodies = on;
    FOR f IN SELECT p.oid, p.oid::regprocedure AS signature FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
              WHERE p.pronamespace = 'public'::regnamespace AND l.lanname IN ('sql', 'plpgsql') LOOP
        BEGIN
            EXECUTE pg_get_functiondef(f.oid);
        EXCEPTION WHEN OTHERS THEN
            RETURN NEXT format('%s: %s', f.signature, SQLERRM);
        END;
    END LOOP;
END $$;
SELECT is_empty('SELECT pg_temp.broken_functions()', 'every function compiles');

SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef
                    AND NOT coalesce(p.proconfig @> ARRAY['search_path=public, pg_temp'], false) $$, 'a SECURITY DEFINER function fixes its search_path');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace AND has_function_privilege('public', p.oid, 'EXECUTE') $$,
                'PUBLIC may run no function');
SELECT is_empty($$ SELECT c.relname, r.rolname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner WHERE c.relnamespace = 'public'::regnamespace
                    AND r.rolname <> 'dastern' $$, 'everything belongs to the owner');
SELECT is_empty($$ SELECT rolname FROM pg_roles WHERE rolname LIKE 'dastern%' AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb) $$,
                'no role gets past row-level security or makes others');
SELECT is_empty($$ SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE 'dastern\_%' AND (has_schema_privilege(r.rolname, 'public', 'CREATE')
                    OR has_database_privilege(r.rolname, current_database(), 'TEMPORARY')) $$, 'no run-time role creates anything');
SELECT is_empty($$ SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
                    AND NOT (c.relrowsecurity AND c.relforcerowsecurity) AND c.relname <> ALL ('{timezones,notification_types,subscription_plans,dataset_versions,
                        drug_ingredients,drug_lexicon,drug_interactions,schema_migrations}') $$, 'row-level security is forced on every table of persons');
SELECT is_empty($$ SELECT c.relname FROM pg_class c CROSS JOIN pg_roles r WHERE c.relispartition AND c.relkind = 'r' AND r.rolname LIKE 'dastern\_%'
                    AND has_table_privilege(r.oid, c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') $$, 'nobody reaches a partition past its parent');
SELECT is_empty($$ SELECT c.relname, r.rolname FROM pg_class c CROSS JOIN pg_roles r WHERE c.relname IN ('audit_logs', 'audit_heads', 'dose_events', 'medication_reminder_logs')
                    AND r.rolname LIKE 'dastern\_%' AND has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE') $$,
                'the log, the events and the doses are written by functions only');
SELECT is_empty($$ SELECT r.rolname FROM pg_roles r WHERE r.rolname LIKE 'dastern\_%' AND r.rolname <> 'dastern_auth'
                    AND (has_column_privilege(r.oid, 'users', 'password_hash', 'SELECT') OR has_any_column_privilege(r.oid, 'user_sessions', 'SELECT')) $$,
                'only auth sees password hashes and sessions');
SELECT is_empty($$ SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' AND (coalesce(qual, '') || coalesce(with_check, ''))
                    ~ '(?<!SELECT )(app_user_id|app_role|visible_patients|hidden_medications|hidden_prescriptions|shared_prescriptions|connected_people)\(' $$,
                'a policy calls functions only in sub-selects, once per query');

SELECT is_empty($$ SELECT policyname, tablename FROM pg_policies WHERE schemaname = 'public' AND qual ~ '= ANY \(\( SELECT \w+\([^)]*\) AS \w+\)::uuid\[\]\)\)(?! IS TRUE)' $$,
                'an array of others is no index condition (see policies.sql)');

SELECT is_empty($$ SELECT unnest('{users,user_sessions,patient_profiles,doctor_profiles,family_member_profiles,subscription_plans,user_subscriptions,payment_transactions,
    prescriptions,prescription_processing_queue,medications,medication_schedule_templates,medication_reminders,medication_reminder_logs,
    doctor_patient_relationships,family_relationships,family_invitations,family_connection_requests,clinical_notes,ai_chat_conversations,
    ai_chat_messages,ai_reports,notifications,usage_analytics,audit_logs}'::text[]) EXCEPT SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace $$,
    'no table of the description is missing');
SELECT is_empty($$ SELECT c.conrelid::regclass, c.conname FROM pg_constraint c WHERE c.contype = 'f' AND c.connamespace = 'public'::regnamespace AND c.conparentid = 0
                    AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = ANY (c.conkey))
                    AND c.confrelid::regclass::text NOT IN ('timezones', 'notification_types', 'users') $$, 'a foreign key has an index that begins with it');
SELECT lives_ok($$ SELECT * FROM medication_reminders WHERE patient_id = '00000000-0000-7000-8000-0000000000c1' AND is_active = TRUE AND next_reminder_at < NOW() + INTERVAL '1 hour' $$,
                'the example query of the description');
SELECT * FROM finish();
ROLLBACK;
