-- What the tables refuse whoever writes: each line one bad row and the code it gets.
BEGIN;
SELECT plan(48);
\ir include/people.psql

CREATE FUNCTION pg_temp.user_with(assignments text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.refused(format('UPDATE users SET %s WHERE id = %L', assignments, '00000000-0000-7000-8000-0000000000c1')) $$;
SELECT is(pg_temp.user_with($$email = 'no-at-sign'$$), '23514 user.email_format', 'e-mail without @');
SELECT is(pg_temp.user_with($$email = E'a\nb@example.com'$$), '23514 user.email_format', 'e-mail with a line break');
SELECT is(pg_temp.user_with($$email = repeat('a', 250) || '@example.com'$$), '23514 user.email_format', 'e-mail too long');
SELECT is(pg_temp.user_with($$email = 'OTHER@People.test'$$), '23505 user.email_taken', 'e-mail taken, whatever its case');
SELECT is(pg_temp.user_with($$phone_number = '12 34'$$), '23514 user.phone_format', 'phone with a space');
SELECT is(pg_temp.user_with($$first_name = '   '$$), '23514 user.first_name_length', 'blank first name');
SELECT is(pg_temp.user_with($$last_name = repeat('x', 101)$$), '23514 user.last_name_length', 'last name too long');
SELECT is(pg_temp.user_with($$language = 'de'$$), '23514 user.language', 'a language there is not');
SELECT is(pg_temp.user_with($$timezone = 'Asia/Pnom_Penh'$$), '23503 user.timezone', 'a zone there is not');
SELECT is(pg_temp.user_with($$timezone = 'EST'$$), '23503 user.timezone', 'an abbreviation is no zone');
SELECT is(pg_temp.user_with($$timezone = 'FOO+3'$$), '23503 user.timezone', 'a POSIX string is no zone');
SELECT is(pg_temp.user_with($$password_hash = 'plain'$$), '23514 user.password_hash_form', 'a password that is not a hash');
SELECT is(pg_temp.user_with($$role = NULL$$), 'DT409 onboarding.role_once', 'no role after the first step');

SELECT is(pg_temp.refused(format('UPDATE patient_profiles SET %s WHERE user_id = %L', a, :patient)), code, a) FROM (VALUES
    ($$gender = 'x'$$, '23514 profile.gender'), ($$blood_type = 'C+'$$, '23514 profile.blood_type'), ($$date_of_birth = '1700-01-01'$$, '23514 profile.birth_range'),
    ($$noon_time = '06:00'$$, '23514 profile.meal_order'), ($$emergency_contact_phone = 'call me'$$, '23514 profile.emergency_contact'),
    ($$allergies = array_fill('x'::text, ARRAY[51])$$, '23514 profile.list_size')) AS t (a, code);

SELECT pg_temp.prescribe(:patient, '00000000-0000-7000-8000-0000000001c1', '00000000-0000-7000-8000-0000000002c1', 'Alpha') \g /dev/null
SELECT pg_temp.prescribe(:other, '00000000-0000-7000-8000-0000000001c2', '00000000-0000-7000-8000-0000000002c2', 'Beta') \g /dev/null
SELECT is(pg_temp.refused(format('UPDATE prescriptions SET %s WHERE id = %L', a, '00000000-0000-7000-8000-0000000001c1')), code, a) FROM (VALUES
    ($$original_image_url = '../../etc/passwd'$$, '23514 prescription.image_name'), ($$original_image_url = 'http://x/y'$$, '23514 prescription.image_name'),
    ($$thumbnail_url = '/x'$$, '23514 prescription.derived_names'), ($$patient_age = 131$$, '23514 prescription.age_range'),
    ($$patient_age = -1$$, '23514 prescription.age_range'), ($$patient_gender = 'm'$$, '23514 prescription.gender'),
    ($$ocr_confidence_score = 1.5$$, '23514 prescription.confidence_range'), ($$image_type = 'image/gif'$$, '23514 prescription.image_type'),
    ($$prescription_date = '1066-10-14'$$, '23514 prescription.date_range'), ($$unsure = '{diagnosis}'$$, '23514 prescription.confirmed'),
    ($$confirmed_at = NULL$$, '23514 prescription.confirmed'), ($$status = 'processing'$$, 'DT409 prescription.status_order'),
    ($$patient_id = '00000000-0000-7000-8000-0000000000c2'$$, 'DT409 prescription.owner_fixed')) AS t (a, code);

SELECT is(pg_temp.refused(format('UPDATE medications SET %s WHERE id = %L', a, '00000000-0000-7000-8000-0000000002c1')), code, a) FROM (VALUES
    ($$dose_morning = -1$$, '23514 medication.dose_range'), ($$dose_night = 501$$, '23514 medication.dose_range'), ($$dose_noon = 'NaN'$$, '23514 medication.dose_range'),
    ($$duration_days = 0$$, '23514 medication.duration_range'), ($$quantity = -2$$, '23514 medication.quantity_range'), ($$name = '  '$$, '23514 medication.name_required'),
    ($$meal_relation = 'during'$$, '23514 medication.meal_relation'), ($$sequence_number = 0$$, '23514 medication.sequence_range'),
    ($$patient_id = '00000000-0000-7000-8000-0000000000c2'$$, '23503 medication.prescription')) AS t (a, code);

SELECT is(pg_temp.refused($$ INSERT INTO family_relationships (patient_id, family_member_id, relationship_type, permissions) VALUES
    ('00000000-0000-7000-8000-0000000000c1', '00000000-0000-7000-8000-0000000000c3', 'son', '{"everything": true}') $$), '23514 family.permission_unknown', 'a right nobody knows');
SELECT is(pg_temp.refused($$ INSERT INTO family_relationships (patient_id, family_member_id, relationship_type) VALUES
    ('00000000-0000-7000-8000-0000000000c1', '00000000-0000-7000-8000-0000000000c1', 'self') $$), '23514 family.not_oneself', 'following oneself');
SELECT is(pg_temp.refused($$ INSERT INTO family_invitations (patient_id, code_hash, relationship, permissions) VALUES
    ('00000000-0000-7000-8000-0000000000c1', sha256('x'), 'son', '{"view_reminders": "yes"}') $$), '23514 family.permission_type', 'a right that is not true or false');
SELECT is(pg_temp.refused($$ INSERT INTO family_invitations (patient_id, code_hash, relationship) VALUES ('00000000-0000-7000-8000-0000000000c1', 'ABCD2345', 'son') $$),
          '23514 invitation.code_is_sha256', 'a code that is not hashed');
SELECT is(pg_temp.refused($$ INSERT INTO family_invitations (patient_id, code_hash, relationship, expires_at) VALUES
    ('00000000-0000-7000-8000-0000000000c1', sha256('x'), 'son', now() + interval '1 year') $$), '23514 invitation.lifetime', 'a code for a year');
SELECT is(pg_temp.refused($$ INSERT INTO medication_schedule_templates (name, morning_time, noon_time, evening_time, night_time) VALUES ('t', '08:00', '07:00', '18:00', '21:00') $$),
          '23514 template.times_order', 'noon before morning');
SELECT is(pg_temp.refused($$ INSERT INTO user_sessions (user_id, refresh_token, idle_expires_at, expires_at) VALUES
    ('00000000-0000-7000-8000-0000000000c1', 'secret', now(), now()) $$), '23514 session.token_is_sha256', 'a token that is not hashed');
SELECT * FROM finish();
ROLLBACK;
