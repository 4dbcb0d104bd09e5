-- What every installation needs: presets of times, plans, the kinds of notices and their words. Applied on every migration.

INSERT INTO timezones
SELECT name FROM pg_timezone_names WHERE name ~ '^([A-Z][A-Za-z_]+/[A-Za-z0-9_+/-]+|UTC)$'
ON CONFLICT DO NOTHING;

INSERT INTO medication_schedule_templates (id, name, morning_time, noon_time, evening_time, night_time, is_default) VALUES
    ('00000000-0000-7000-8000-000000000001', 'Standard', '07:00', '12:00', '18:00', '21:00', true),
    ('00000000-0000-7000-8000-000000000002', 'Early riser', '05:30', '11:00', '17:00', '20:00', false),
    ('00000000-0000-7000-8000-000000000003', 'Late riser', '09:00', '13:30', '19:30', '23:00', false)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, morning_time = excluded.morning_time, noon_time = excluded.noon_time,
    evening_time = excluded.evening_time, night_time = excluded.night_time, is_default = excluded.is_default;

INSERT INTO subscription_plans (id, name, tier, price_monthly, price_yearly, currency, features) VALUES
    ('00000000-0000-7000-8000-000000000101', 'Free', 'free', 0, 0, 'USD', '{"reminders": true, "family_members": 2}'),
    ('00000000-0000-7000-8000-000000000102', 'Premium', 'premium', 2.99, 29.90, 'USD', '{"reminders": true, "family_members": 10, "assistant": true, "reports": true}')
ON CONFLICT (id) DO UPDATE SET name = excluded.name, tier = excluded.tier, price_monthly = excluded.price_monthly,
    price_yearly = excluded.price_yearly, currency = excluded.currency, features = excluded.features;

-- Titles may show on a locked screen, so they name no medicine. {…} is filled from the notice's data.
INSERT INTO notification_types (type, title, message, in_app, email, push) VALUES
    ('dose.due',
     '{"en": "Time for your medicine", "km": "ដល់ម៉ោងលេបថ្នាំ", "fr": "C''est l''heure de votre médicament"}',
     '{"en": "{time}: {medication}, {amount} {unit}", "km": "{time}៖ {medication} {amount} {unit}", "fr": "{time} : {medication}, {amount} {unit}"}', true, false, true),
    ('dose.missed',
     '{"en": "A dose was missed", "km": "អ្នកបានខកលេបថ្នាំមួយដង", "fr": "Une prise a été oubliée"}',
     '{"en": "{time}: {medication} was not marked as taken.", "km": "{time}៖ {medication} មិនទាន់បានកត់ថាលេបទេ។", "fr": "{time} : {medication} n''a pas été marqué comme pris."}', true, false, true),
    ('family.dose_missed',
     '{"en": "Someone you follow missed a dose", "km": "អ្នកដែលអ្នកតាមដានបានខកលេបថ្នាំមួយដង", "fr": "Une personne que vous suivez a oublié une prise"}',
     '{"en": "{patient}: the dose of {time} was not marked as taken. {medication}", "km": "{patient}៖ ថ្នាំម៉ោង {time} មិនទាន់បានកត់ថាលេបទេ។ {medication}", "fr": "{patient} : la prise de {time} n''a pas été marquée comme prise. {medication}"}', true, false, true),
    ('family.request',
     '{"en": "Someone asks to follow you", "km": "មានអ្នកស្នើសុំតាមដានអ្នក", "fr": "Une personne demande à vous suivre"}',
     '{"en": "{member} used your invitation code. Approve or reject.", "km": "{member} បានប្រើកូដអញ្ជើញរបស់អ្នក។ សូមយល់ព្រម ឬបដិសេធ។", "fr": "{member} a utilisé votre code d''invitation. Acceptez ou refusez."}', true, true, true),
    ('family.approved',
     '{"en": "Your request was approved", "km": "សំណើរបស់អ្នកត្រូវបានយល់ព្រម", "fr": "Votre demande a été acceptée"}',
     '{"en": "You now follow {patient}.", "km": "ឥឡូវនេះអ្នកតាមដាន {patient}។", "fr": "Vous suivez maintenant {patient}."}', true, true, true),
    ('family.nudge',
     '{"en": "A reminder from your family", "km": "ការរំលឹកពីគ្រួសាររបស់អ្នក", "fr": "Un rappel de votre famille"}',
     '{"en": "{member} reminds you of your medicine.", "km": "{member} រំលឹកអ្នកឱ្យលេបថ្នាំ។", "fr": "{member} vous rappelle votre médicament."}', true, false, true),
    ('doctor.request',
     '{"en": "A doctor asks for a link", "km": "វេជ្ជបណ្ឌិតម្នាក់ស្នើសុំភ្ជាប់", "fr": "Un médecin demande un lien"}',
     '{"en": "{doctor} asks to see your records.", "km": "{doctor} ស្នើសុំមើលកំណត់ត្រារបស់អ្នក។", "fr": "{doctor} demande à voir votre dossier."}', true, true, true),
    ('prescription.ready',
     '{"en": "Your prescription has been read", "km": "វេជ្ជបញ្ជារបស់អ្នកត្រូវបានអានរួច", "fr": "Votre ordonnance a été lue"}',
     '{"en": "Check what was read and confirm it.", "km": "សូមពិនិត្យ ហើយបញ្ជាក់។", "fr": "Vérifiez ce qui a été lu et confirmez."}', true, false, true),
    ('prescription.failed',
     '{"en": "A prescription could not be read", "km": "មិនអាចអានវេជ្ជបញ្ជាបានទេ", "fr": "Une ordonnance n''a pas pu être lue"}',
     '{"en": "Take a sharper picture in good light, or type it in.", "km": "សូមថតឱ្យច្បាស់ជាងនេះ ឬវាយបញ្ចូល។", "fr": "Prenez une photo plus nette ou saisissez-la."}', true, false, true),
    ('report.ready',
     '{"en": "Your report is ready", "km": "របាយការណ៍របស់អ្នករួចរាល់", "fr": "Votre rapport est prêt"}',
     '{"en": "Open it in the app.", "km": "សូមបើកក្នុងកម្មវិធី។", "fr": "Ouvrez-le dans l''application."}', true, false, true),
    ('account.security',
     '{"en": "A change to your account", "km": "មានការផ្លាស់ប្តូរគណនីរបស់អ្នក", "fr": "Un changement sur votre compte"}',
     '{"en": "{what}. If this was not you, change your password.", "km": "{what}។ បើមិនមែនជាអ្នក សូមប្តូរពាក្យសម្ងាត់។", "fr": "{what}. Si ce n''était pas vous, changez de mot de passe."}', true, true, false),
    ('system.restored',
     '{"en": "Recent records were lost", "km": "កំណត់ត្រាថ្មីៗបានបាត់បង់", "fr": "Des données récentes sont perdues"}',
     '{"en": "What was recorded after {since} is lost. Before you take a medicine, think whether you already took it. Check your doses, and who may see your data.", "km": "អ្វីដែលបានកត់ត្រាក្រោយ {since} បានបាត់បង់។ មុនលេបថ្នាំ សូមគិតថាអ្នកបានលេបរួចហើយឬនៅ។ សូមពិនិត្យកំណត់ត្រាលេបថ្នាំ និងអ្នកដែលអាចមើលទិន្នន័យរបស់អ្នក។", "fr": "Ce qui a été noté après {since} est perdu. Avant de prendre un médicament, demandez-vous si vous ne l''avez pas déjà pris. Vérifiez vos prises, et qui peut voir vos données."}', true, false, true)
ON CONFLICT (type) DO UPDATE SET title = excluded.title, message = excluded.message, in_app = excluded.in_app, email = excluded.email, push = excluded.push;
