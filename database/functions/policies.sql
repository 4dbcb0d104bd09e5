-- Who reaches what: row-level security and grants. Applied after all other files, on the clean ground of 00_reset.sql; a subject's own
-- file may hold the grants of its own functions.
-- The rules by person stand in access.sql; here they are tied to tables. A policy compares the caller's own id first, so for own
-- rows none of the sub-selects behind the OR ever runs; each of them runs once per query, never once per row. IS TRUE keeps the planner
-- from taking such an array for an index condition: it would then run them all and read every row of the patient for a page of twenty.

DO $$
DECLARE
    t text;
    open_tables text[] := '{timezones,notification_types,subscription_plans,dataset_versions,drug_ingredients,drug_lexicon,drug_interactions,schema_migrations}';
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO dastern_module, dastern_worker', current_database());
    -- FORCE: the owner, too, passes only by the policy `owner`. It is there for the SECURITY DEFINER functions, which check for themselves.
    FOR t IN SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')
              AND NOT c.relispartition AND c.relname <> ALL (open_tables) LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY owner ON %I TO dastern USING (true) WITH CHECK (true)', t);
    END LOOP;
END $$;

GRANT USAGE ON SCHEMA public TO dastern_module, dastern_worker;

-- Common ground -----------------------------------------------------------------------------------------------------------------

GRANT SELECT ON timezones, notification_types, subscription_plans, dataset_versions, drug_ingredients, drug_lexicon, drug_interactions
   TO dastern_module, dastern_worker;
GRANT EXECUTE ON FUNCTION uuid_v7(), uuid_date(uuid), refuse(text, text, text, jsonb), refuse_not_found(), app_user_id(), app_session_id(), app_role(),
      next_step(onboarding_status), is_operator(), recurrence_fault(jsonb), is_own_patient(uuid), allowed_patient(uuid, text),
      allowed_medication(uuid, text), allowed_prescription(uuid, text), visible_patients(text), shared_prescriptions(), shares_prescriptions(uuid), hidden_medications(),
      hidden_prescriptions(), connected_people(), audit(text, text, uuid, uuid, jsonb), notify_user(uuid, text, jsonb, text), queue_depths()
   TO dastern_module, dastern_worker;
GRANT EXECUTE ON FUNCTION enter(uuid, uuid, text[], boolean, text, text), idempotency_begin(text, text, bytea),
      idempotency_finish(text, integer, jsonb, text), family_rights(family_relationships), family_defaults(), family_permissions(jsonb, jsonb),
      template_times(medication_schedule_templates), slot_times(uuid, uuid), wall_to_instant(timestamp, text), recurrence_on(jsonb, date, date),
      occurrences(jsonb, time, date, date, text, date, date), plan_preview(jsonb, time, date, date, text, integer), adherence_ratio(bigint, bigint),
      adherence(uuid, date, date), adherence_by(uuid, date, date, text)
   TO dastern_module;
GRANT EXECUTE ON FUNCTION queue_rescue(regclass), queue_claim(regclass, text, integer, text[]), queue_touch(regclass, uuid, text, integer, text, text[]),
      queue_extend(regclass, uuid, text, integer, integer), queue_progress(regclass, uuid, text, integer, text, integer),
      queue_done(regclass, uuid, text, integer), queue_fail(regclass, uuid, text, integer, text, boolean)
   TO dastern_worker;

-- Health data -------------------------------------------------------------------------------------------------------------------
-- Readers are the modules and the report worker, which works in the name of a person (act_as).

CREATE POLICY read ON prescriptions FOR SELECT TO dastern_module, dastern_report_worker USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('view_prescriptions'))::uuid[])) IS TRUE AND id <> ALL ((SELECT hidden_prescriptions())::uuid[])
    OR (id = ANY ((SELECT shared_prescriptions())::uuid[])) IS TRUE);
CREATE POLICY add ON prescriptions FOR INSERT TO dastern_module WITH CHECK (
    created_by = (SELECT app_user_id())
    AND (patient_id = (SELECT app_user_id()) OR (patient_id = ANY ((SELECT visible_patients('write_prescriptions'))::uuid[])) IS TRUE));
CREATE POLICY change ON prescriptions FOR UPDATE TO dastern_module USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('write_prescriptions'))::uuid[])) IS TRUE AND id <> ALL ((SELECT hidden_prescriptions())::uuid[]));
-- Those in error as well: their picture may be read again, so the worker must not sweep it away as nobody's.
CREATE POLICY to_be_read ON prescriptions FOR SELECT TO dastern_ocr_worker USING (status IN ('processing', 'error'));

CREATE POLICY read ON medications FOR SELECT TO dastern_module, dastern_report_worker USING (
    patient_id = (SELECT app_user_id())
    OR ((patient_id = ANY ((SELECT visible_patients('view_prescriptions'))::uuid[])) IS TRUE OR (patient_id = ANY ((SELECT visible_patients('view_reminders'))::uuid[])) IS TRUE)
       AND id <> ALL ((SELECT hidden_medications())::uuid[])
    OR (prescription_id = ANY ((SELECT shared_prescriptions())::uuid[])) IS TRUE);

CREATE POLICY read ON medication_provenance FOR SELECT TO dastern_module, dastern_report_worker USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('view_prescriptions'))::uuid[])) IS TRUE AND prescription_id <> ALL ((SELECT hidden_prescriptions())::uuid[])
    OR (prescription_id = ANY ((SELECT shared_prescriptions())::uuid[])) IS TRUE);
CREATE POLICY read ON prescription_versions FOR SELECT TO dastern_module, dastern_report_worker USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('view_prescriptions'))::uuid[])) IS TRUE AND prescription_id <> ALL ((SELECT hidden_prescriptions())::uuid[])
    OR (prescription_id = ANY ((SELECT shared_prescriptions())::uuid[])) IS TRUE);

-- The state of processing is as visible as the prescription it belongs to.
CREATE POLICY read ON prescription_processing_queue FOR SELECT TO dastern_module USING (
    EXISTS (SELECT FROM prescriptions p WHERE p.id = prescription_id));
CREATE POLICY work ON prescription_processing_queue TO dastern_ocr_worker USING (true) WITH CHECK (true);

CREATE POLICY read ON medication_reminders FOR SELECT TO dastern_module, dastern_report_worker USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('view_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));
CREATE POLICY add ON medication_reminders FOR INSERT TO dastern_module WITH CHECK (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('manage_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));
CREATE POLICY change ON medication_reminders FOR UPDATE TO dastern_module USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('manage_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));

CREATE POLICY read ON medication_reminder_logs FOR SELECT TO dastern_module, dastern_report_worker USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('view_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));
-- A report counts doses for those who may see reports, without showing the doses.
CREATE POLICY count ON medication_reminder_logs FOR SELECT TO dastern_report_worker USING (
    (patient_id = ANY ((SELECT visible_patients('view_reports'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));
CREATE POLICY read ON dose_events FOR SELECT TO dastern_module, dastern_report_worker USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('view_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));

CREATE POLICY read ON medication_stock FOR SELECT TO dastern_module USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('view_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));
CREATE POLICY own ON medication_stock TO dastern_module USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('manage_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));
CREATE POLICY own ON medication_refills TO dastern_module USING (
    patient_id = (SELECT app_user_id())
    OR (patient_id = ANY ((SELECT visible_patients('manage_reminders'))::uuid[])) IS TRUE AND medication_id <> ALL ((SELECT hidden_medications())::uuid[]));

CREATE POLICY read ON medication_schedule_templates FOR SELECT TO dastern_module USING (
    user_id IS NULL OR user_id = (SELECT app_user_id()) OR (user_id = ANY ((SELECT visible_patients('manage_reminders'))::uuid[])) IS TRUE);
CREATE POLICY own ON medication_schedule_templates TO dastern_module USING (user_id = (SELECT app_user_id()));

CREATE POLICY read ON patient_profiles FOR SELECT TO dastern_module, dastern_report_worker USING (
    user_id = (SELECT app_user_id()) OR (user_id = ANY ((SELECT visible_patients('view_profile'))::uuid[])) IS TRUE);
CREATE POLICY read ON doctor_profiles FOR SELECT TO dastern_module USING (
    user_id = (SELECT app_user_id()) OR (user_id = ANY ((SELECT connected_people())::uuid[])) IS TRUE);
CREATE POLICY read ON family_member_profiles FOR SELECT TO dastern_module USING (
    user_id = (SELECT app_user_id()) OR (user_id = ANY ((SELECT connected_people())::uuid[])) IS TRUE);

CREATE POLICY own ON clinical_notes TO dastern_doctors USING (doctor_id = (SELECT app_user_id()))
    WITH CHECK (doctor_id = (SELECT app_user_id()) AND (patient_id = ANY ((SELECT visible_patients('write_prescriptions'))::uuid[])) IS TRUE);
CREATE POLICY shared ON clinical_notes FOR SELECT TO dastern_doctors USING (patient_id = (SELECT app_user_id()) AND shared_with_patient);
CREATE POLICY own ON clinical_note_versions FOR SELECT TO dastern_doctors USING (doctor_id = (SELECT app_user_id()));

CREATE POLICY read ON ai_reports FOR SELECT TO dastern_module USING (
    user_id = (SELECT app_user_id())
    AND (patient_id = (SELECT app_user_id())
         OR (patient_id = ANY ((SELECT visible_patients('view_reports'))::uuid[])) IS TRUE AND NOT medication_ids && (SELECT hidden_medications())));
CREATE POLICY add ON ai_reports FOR INSERT TO dastern_reports WITH CHECK (
    user_id = (SELECT app_user_id())
    AND (patient_id = (SELECT app_user_id()) OR (patient_id = ANY ((SELECT visible_patients('view_reports'))::uuid[])) IS TRUE));
CREATE POLICY work ON ai_reports TO dastern_report_worker USING (true) WITH CHECK (true);
CREATE POLICY own ON ai_chat_conversations TO dastern_reports USING (user_id = (SELECT app_user_id()));
CREATE POLICY own ON ai_chat_messages TO dastern_reports USING (
    EXISTS (SELECT FROM ai_chat_conversations c WHERE c.id = conversation_id));

-- People and links --------------------------------------------------------------------------------------------------------------

CREATE POLICY read ON users FOR SELECT TO dastern_module, dastern_report_worker USING (
    id = (SELECT app_user_id()) OR (id = ANY ((SELECT connected_people())::uuid[])) IS TRUE);
CREATE POLICY deliver ON users FOR SELECT TO dastern_delivery_worker USING (true);

CREATE POLICY own ON family_invitations TO dastern_family USING (patient_id = (SELECT app_user_id()));
CREATE POLICY read ON family_connection_requests FOR SELECT TO dastern_family USING (
    patient_id = (SELECT app_user_id()) OR family_member_id = (SELECT app_user_id()));
CREATE POLICY read ON family_relationships FOR SELECT TO dastern_module USING (
    patient_id = (SELECT app_user_id()) OR family_member_id = (SELECT app_user_id()));
CREATE POLICY own ON doctor_patient_relationships TO dastern_doctors USING (
    patient_id = (SELECT app_user_id()) OR doctor_id = (SELECT app_user_id()));

-- What belongs to one account ---------------------------------------------------------------------------------------------------

CREATE POLICY own ON notifications TO dastern_module USING (user_id = (SELECT app_user_id()));
CREATE POLICY deliver ON notifications TO dastern_delivery_worker USING (true);
CREATE POLICY own ON notification_preferences TO dastern_module USING (user_id = (SELECT app_user_id()));
CREATE POLICY own ON device_tokens TO dastern_notifications USING (user_id = (SELECT app_user_id()));
CREATE POLICY deliver ON device_tokens TO dastern_delivery_worker USING (true);
CREATE POLICY own ON calendar_feeds TO dastern_reminders USING (user_id = (SELECT app_user_id()));
CREATE POLICY own ON jobs TO dastern_module USING (user_id = (SELECT app_user_id()));
CREATE POLICY work ON jobs TO dastern_report_worker USING (true) WITH CHECK (true);
CREATE POLICY work ON outbox TO dastern_delivery_worker USING (true) WITH CHECK (true);
CREATE POLICY own ON usage_analytics FOR INSERT TO dastern_admin WITH CHECK (user_id = (SELECT app_user_id()));
CREATE POLICY own ON user_subscriptions FOR SELECT TO dastern_billing USING (user_id = (SELECT app_user_id()));
CREATE POLICY own ON payment_transactions FOR SELECT TO dastern_billing USING (user_id = (SELECT app_user_id()));

-- auth: the only module that works before anybody has signed in, and the only one to see what signing in needs.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['users', 'user_sessions', 'patient_profiles', 'doctor_profiles', 'family_member_profiles', 'profile_drafts', 'verification_codes', 'totp_secrets',
                             'recovery_codes', 'auth_identities', 'user_consents'] LOOP
        EXECUTE format('CREATE POLICY auth ON %I TO dastern_auth USING (true) WITH CHECK (true)', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO dastern_auth', t);
    END LOOP;
END $$;
CREATE POLICY send ON outbox FOR INSERT TO dastern_auth WITH CHECK (kind IN ('email', 'sms'));
CREATE POLICY own ON audit_logs FOR SELECT TO dastern_auth USING (patient_id = (SELECT app_user_id()) OR user_id = (SELECT app_user_id()));
CREATE POLICY export ON user_subscriptions FOR SELECT TO dastern_auth USING (user_id = (SELECT app_user_id()));

-- admin: accounts, doctors' verification, queues and the log; no health data.
CREATE POLICY admin ON users TO dastern_admin USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin ON doctor_profiles TO dastern_admin USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin ON audit_logs FOR SELECT TO dastern_admin USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin ON jobs TO dastern_admin USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin ON outbox TO dastern_admin USING ((SELECT app_role()) = 'admin');
CREATE POLICY admin ON prescription_processing_queue TO dastern_admin USING ((SELECT app_role()) = 'admin');

-- Grants by program -------------------------------------------------------------------------------------------------------------

GRANT SELECT (id, role, onboarding_status, first_name, last_name, language, timezone, subscription_tier) ON users TO dastern_module, dastern_report_worker;

GRANT DELETE ON profile_drafts, verification_codes, totp_secrets, recovery_codes, auth_identities TO dastern_auth;
GRANT INSERT ON outbox TO dastern_auth;
GRANT SELECT, INSERT ON jobs TO dastern_auth;
GRANT SELECT, INSERT, UPDATE ON notification_preferences TO dastern_auth;
GRANT SELECT ON audit_logs, user_subscriptions TO dastern_auth;
GRANT EXECUTE ON FUNCTION session_open(uuid, uuid, bytea, text, text, text, interval, interval), session_rotate(uuid, bytea, bytea, interval),
      session_revoke(uuid, text), sessions_revoke_all(uuid, text, uuid), throttle_wait(text, bytea), throttle_failure(text, bytea, integer, interval),
      throttle_clear(text, bytea), act_as(uuid) TO dastern_auth;

GRANT SELECT ON prescriptions, medications, medication_provenance, prescription_processing_queue, medication_reminders, medication_cards, prescription_cards,
      prescription_progress, provenance_cards TO dastern_prescriptions;
GRANT EXECUTE ON FUNCTION prescription_enqueue(uuid, integer), prescription_create(uuid, jsonb, jsonb), prescription_edit(uuid, jsonb),
      prescription_archive(uuid), medication_add(uuid, jsonb), medication_edit(uuid, jsonb), medication_stop(uuid),
      confirm_prescription(uuid, jsonb, boolean, uuid, date), viewed_prescription(uuid, text),
      viewed_patient(uuid, text, text), viewed_other_patient(uuid, text, text), viewed_medication(uuid, text, text, uuid),
      prescription_mentions(uuid, text), row_etag(timestamptz), unchanged_prescription(uuid, text),
      unchanged_medication(uuid, text), review_fields(uuid, uuid, text[]), upload_begin(uuid, bigint, bigint, bigint),
      prescription_stage(uuid), upload_room(bigint, bigint, bigint), upload_store(uuid, uuid, text, bytea, text, integer, integer, integer, bigint, bigint)
   TO dastern_prescriptions;

GRANT SELECT ON prescriptions, medications, patient_profiles, medication_reminder_logs, dose_events TO dastern_reminders;
GRANT SELECT, INSERT, UPDATE ON medication_reminders, medication_schedule_templates, medication_stock, calendar_feeds TO dastern_reminders;
GRANT SELECT, INSERT ON medication_refills TO dastern_reminders;
GRANT EXECUTE ON FUNCTION dose_take(uuid, timestamptz, numeric, text, uuid), dose_skip(uuid, text, uuid), dose_snooze(uuid, integer, uuid),
      dose_undo(uuid, uuid), dose_log(uuid, timestamptz, numeric, text, uuid) TO dastern_reminders;
GRANT SELECT ON reminder_cards, dose_cards TO dastern_reminders;
GRANT EXECUTE ON FUNCTION patient_today(uuid), viewed_patient(uuid, text, text), viewed_other_patient(uuid, text, text),
      viewed_medication(uuid, text, text, uuid), allowed_reminder(uuid, text), plannable_medication(uuid),
      dose_days(uuid, date, date, integer), row_etag(timestamptz),
      etag_matches(text, text), own_template(uuid), dose_event_apply(jsonb), dose_event_told(uuid), dose_sync_one(jsonb), dose_sync(jsonb),
      word_list(text[], text), month_name(date, text), date_words(date, text), weekday_names(jsonb, text), month_days(jsonb, text),
      recurrence_words(jsonb, text), schedule_sentence(text, jsonb, time, numeric, text, date, date), measure(text, bigint, bigint),
      adherence_streak(uuid, date), adherence_buckets(uuid, date, date, text) TO dastern_reminders;

GRANT SELECT, INSERT, UPDATE ON family_invitations TO dastern_family;
GRANT SELECT ON family_connection_requests, family_relationships, family_member_profiles, medications, medication_reminders,
      medication_reminder_logs TO dastern_family;
GRANT EXECUTE ON FUNCTION family_connect(bytea, text), family_approve(uuid, jsonb), family_reject(uuid, text),
      family_set_permissions(uuid, jsonb, uuid[], timestamptz, boolean), family_revoke(uuid), throttle_wait(text, bytea),
      throttle_failure(text, bytea, integer, interval), address_key(text), address_prefix(text), family_invite(bytea, text, jsonb, integer),
      family_uninvite(uuid), account_guess_key(), family_nudge(uuid, uuid), patient_today(uuid), viewed_patient(uuid, text, text),
      viewed_other_patient(uuid, text, text) TO dastern_family;
GRANT SELECT ON dose_cards TO dastern_family;

GRANT SELECT ON notifications TO dastern_notifications;
GRANT EXECUTE ON FUNCTION notification_last_place(uuid) TO dastern_notifications, dastern_delivery_worker;
GRANT UPDATE (is_read, read_at) ON notifications TO dastern_notifications;
GRANT SELECT, INSERT, UPDATE, DELETE ON notification_preferences, device_tokens TO dastern_notifications;

GRANT SELECT, INSERT ON ai_reports, jobs TO dastern_reports;
GRANT UPDATE (job_id) ON ai_reports TO dastern_reports;
GRANT SELECT, INSERT, UPDATE ON ai_chat_conversations TO dastern_reports;
GRANT SELECT, INSERT ON ai_chat_messages TO dastern_reports;
GRANT SELECT ON prescriptions, medications, medication_reminders, medication_reminder_logs, family_relationships TO dastern_reports;
GRANT SELECT ON report_cards TO dastern_reports;
GRANT EXECUTE ON FUNCTION report_request(text, uuid, text, date, date) TO dastern_reports;

GRANT SELECT, INSERT, UPDATE ON doctor_patient_relationships, clinical_notes TO dastern_doctors;
GRANT SELECT ON clinical_note_versions, prescriptions, medications, medication_reminders, medication_reminder_logs, patient_profiles, doctor_profiles
   TO dastern_doctors;

GRANT SELECT ON user_subscriptions, payment_transactions TO dastern_billing;

GRANT SELECT (id, email, phone_number, role, onboarding_status, first_name, last_name, language, timezone, is_active, deactivated_reason,
              deletion_scheduled_at, last_login_at, created_at, updated_at), UPDATE (is_active, deactivated_reason) ON users TO dastern_admin;
GRANT SELECT, UPDATE (verification_status, verified_at, verified_by, rejection_reason) ON doctor_profiles TO dastern_admin;
GRANT SELECT ON audit_logs TO dastern_admin;
GRANT SELECT, UPDATE ON jobs, prescription_processing_queue TO dastern_admin;
GRANT SELECT (id, user_id, kind, status, priority, payload, run_after, attempts, max_attempts, last_error, created_at, started_at, completed_at),
      UPDATE (status, attempts, run_after, completed_at, progress) ON outbox TO dastern_admin;
GRANT INSERT ON usage_analytics TO dastern_admin;
GRANT EXECUTE ON FUNCTION queue_retry(regclass, uuid) TO dastern_admin;

GRANT SELECT, UPDATE ON prescription_processing_queue TO dastern_ocr_worker;
GRANT SELECT (id, patient_id, status, original_image_url, image_type, image_bytes, image_width, image_height) ON prescriptions TO dastern_ocr_worker;
GRANT EXECUTE ON FUNCTION store_draft(uuid, text, integer, jsonb), pictures_keep(uuid, text, integer, jsonb), reading_draft(jsonb), reading_row(jsonb),
      reading_cell(text, jsonb, jsonb), reading_value(text, jsonb) TO dastern_ocr_worker;

GRANT EXECUTE ON FUNCTION materialise_doses(integer), fire_due_doses(integer), mark_missed_doses(integer), make_partitions(integer), sweep_expired(),
      next_due_at() TO dastern_scheduler_worker;

GRANT SELECT, UPDATE ON outbox TO dastern_delivery_worker;
GRANT SELECT, UPDATE (delivered_at) ON notifications TO dastern_delivery_worker;
GRANT SELECT (id, email, phone_number, first_name, language, email_verified, is_active) ON users TO dastern_delivery_worker;
GRANT SELECT, UPDATE (failures, last_ok_at), DELETE ON device_tokens TO dastern_delivery_worker;

GRANT SELECT, UPDATE ON jobs, ai_reports TO dastern_report_worker;
GRANT SELECT ON prescriptions, medications, medication_reminders, medication_reminder_logs, dose_events, patient_profiles TO dastern_report_worker;
GRANT SELECT ON medication_cards TO dastern_report_worker;
GRANT EXECUTE ON FUNCTION act_as(uuid), adherence_ratio(bigint, bigint), adherence(uuid, date, date), adherence_by(uuid, date, date, text),
      report_make(uuid, text, integer), report_refuse(uuid, text, integer), report_patient(uuid, text),
      report_prescription_history(uuid, date, date), report_medication_adherence(uuid, date, date),
      report_measures(bigint, bigint, bigint, bigint, bigint, bigint, bigint), report_medications(jsonb), report_time(timestamptz),
      report_title(text, text), report_summary(text, text, jsonb) TO dastern_report_worker;
