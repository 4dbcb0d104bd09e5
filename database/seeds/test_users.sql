-- One account per role and per step of onboarding, for trying things out and for tests. Never load it where real people are.
-- The password of all of them is  korng-phnom-77  (argon2id, m=19456 t=2 p=1). Needs migrations 001 to 007; may be run again.
--
--   patient@example.test          patient, active            role-selected@example.test    patient, role chosen, profile not begun
--   doctor@example.test           doctor, active, verified   profile-pending@example.test  doctor, profile begun
--   new-doctor@example.test       doctor, active, unverified pending@example.test          signed up, no role yet
--   family@example.test           family member, active      closed@example.test           patient, deactivated
--   admin@example.test            administrator

BEGIN;

INSERT INTO users (id, email, phone_number, password_hash, role, onboarding_status, first_name, last_name, language, email_verified, is_active)
SELECT id::uuid, name || '@example.test', phone, '$argon2id$v=19$m=19456,t=2,p=1$TXR5cEU0emNvWkxQQTNFcg$pW+rQdeRHe+U2pL/LuHGKOKGRvUwtlsQjIqT/kucUMg',
       role::user_role, status::onboarding_status, first_name, last_name, language, status = 'active', name <> 'closed'
  FROM (VALUES
    ('00000000-0000-7000-8000-00000000a001', 'patient',         '+85510000001', 'patient',       'active',          'Sophea',  'Chan', 'km'),
    ('00000000-0000-7000-8000-00000000a002', 'doctor',          '+85510000002', 'doctor',        'active',          'Vichea',  'Keo',  'fr'),
    ('00000000-0000-7000-8000-00000000a003', 'new-doctor',      NULL,           'doctor',        'active',          'Bopha',   'Lim',  'en'),
    ('00000000-0000-7000-8000-00000000a004', 'family',          '+85510000004', 'family_member', 'active',          'Rithy',   'Chan', 'en'),
    ('00000000-0000-7000-8000-00000000a005', 'admin',           NULL,           'admin',         'active',          'Admin',   'DasTern', 'en'),
    ('00000000-0000-7000-8000-00000000a006', 'pending',         NULL,           NULL,            'pending',         'Srey',    'Ny',   'km'),
    ('00000000-0000-7000-8000-00000000a007', 'role-selected',   NULL,           'patient',       'role_selected',   'Dara',    'Heng', 'km'),
    ('00000000-0000-7000-8000-00000000a008', 'profile-pending', NULL,           'doctor',        'profile_pending', 'Kunthea', 'Ros',  'en'),
    ('00000000-0000-7000-8000-00000000a009', 'closed',          NULL,           'patient',       'active',          'Vuthy',   'Meas', 'km')
  ) AS account (id, name, phone, role, status, first_name, last_name, language)
ON CONFLICT DO NOTHING;

INSERT INTO patient_profiles (user_id, date_of_birth, gender, blood_type, allergies, conditions, emergency_contact_name, emergency_contact_phone) VALUES
    ('00000000-0000-7000-8000-00000000a001', '1961-04-14', 'female', 'O+', '{penicillin}', '{hypertension}', 'Rithy Chan', '+85510000004'),
    ('00000000-0000-7000-8000-00000000a009', '1975-11-02', 'male', NULL, '{}', '{}', NULL, NULL)
ON CONFLICT DO NOTHING;

INSERT INTO doctor_profiles (user_id, license_number, specialization, hospital_name, years_of_experience, verification_status, verified_at, verified_by) VALUES
    ('00000000-0000-7000-8000-00000000a002', 'TEST-0002', 'Cardiology', 'Test Hospital', 12, 'verified', now(), '00000000-0000-7000-8000-00000000a005'),
    ('00000000-0000-7000-8000-00000000a003', 'TEST-0003', 'General medicine', 'Test Clinic', 2, 'pending', NULL, NULL)
ON CONFLICT DO NOTHING;

INSERT INTO family_member_profiles (user_id, relationship) VALUES ('00000000-0000-7000-8000-00000000a004', 'son')
ON CONFLICT DO NOTHING;

COMMIT;
