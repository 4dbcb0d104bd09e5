-- Invitation, request, approval, rights and their end.
BEGIN;
SELECT plan(28);
\ir include/people.psql
SELECT pg_temp.prescribe(:other, '00000000-0000-7000-8000-0000000001c2', '00000000-0000-7000-8000-0000000002c2', 'Beta') \g /dev/null
CREATE FUNCTION pg_temp.fam(who uuid, call text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.run_as('dastern_family', who, 'SELECT ' || call) $$;
CREATE FUNCTION pg_temp.no(who uuid, call text) RETURNS text LANGUAGE sql AS $$ SELECT pg_temp.refusal('dastern_family', who, 'SELECT ' || call) $$;
\set connect 'id FROM family_connect(sha256($$CODE$$), $$hello$$)'

INSERT INTO family_invitations (id, patient_id, code_hash, relationship, permissions) VALUES ('00000000-0000-7000-8000-0000000008c1', :patient, sha256('CODE'), 'son', '{"log_doses": true}');
SELECT is(pg_temp.no(:relative, $$family_connect(sha256('WRONG'), NULL)$$), 'DT404 invitation.not_found', 'a wrong code');
SELECT is(pg_temp.no(:patient, :'connect'), 'DT404 invitation.not_found', 'one''s own code');
UPDATE family_invitations SET expires_at = now(), created_at = now() - interval '1 day' WHERE id = '00000000-0000-7000-8000-0000000008c1';
SELECT is(pg_temp.no(:relative, :'connect'), 'DT404 invitation.not_found', 'an expired code');
UPDATE family_invitations SET expires_at = now() + interval '1 day' WHERE id = '00000000-0000-7000-8000-0000000008c1';
SELECT pg_temp.fam(:relative, :'connect') AS request \gset
SELECT is(pg_temp.fam(:relative, :'connect'), :'request', 'the same relative again: the same request');
SELECT is(pg_temp.no(:stranger, :'connect'), 'DT404 invitation.not_found', 'a code counts for one');
SELECT is((SELECT type || ' ' || message FROM notifications WHERE user_id = :patient), 'family.request Relative Test used your invitation code. Approve or reject.', 'the patient is told');
SELECT is((SELECT count(*)::integer FROM family_relationships WHERE family_member_id = :relative), 0, 'asking is not being let in');

SELECT is(pg_temp.no(w::uuid, format('family_approve(%L)', :'request')), 'DT404 not_found', 'not to be approved by ' || w) FROM unnest(ARRAY[:relative, :other, :stranger]) w;
SELECT is(pg_temp.no(:patient, format('family_approve(%L, %L)', :'request', '{"everything": true}')), 'DT422 family.permission_unknown', 'an unknown permission');
SELECT is(pg_temp.no(:patient, format('family_approve(%L, %L)', :'request', '{"view_reports": "true"}')), 'DT422 family.permission_type', 'one that is not true or false');
SELECT is(pg_temp.no(:patient, format('family_approve(%L, %L)', :'request', '[]')), 'DT422 family.permission_unknown', 'no object');
SELECT pg_temp.fam(:patient, format('id FROM family_approve(%L, %L)', :'request', '{"view_reports": true}')) AS link \gset
SELECT is((SELECT family_rights(f)::text FROM family_relationships f WHERE id = :'link'),
    '{"log_doses": true, "view_reports": true, "receive_alerts": true, "view_reminders": true, "manage_reminders": false, "view_prescriptions": false}',
    'defaults, then the invitation''s, then the approval''s');
SELECT is(pg_temp.no(:patient, format('family_approve(%L)', :'request')), 'DT409 connection.not_pending', 'decided once');
SELECT is(pg_temp.no(:patient, format('family_reject(%L)', :'request')), 'DT409 connection.not_pending', 'nor rejected after');
SELECT is((SELECT status FROM family_invitations WHERE id = '00000000-0000-7000-8000-0000000008c1'), 'accepted', 'the invitation is used up');
INSERT INTO family_invitations (patient_id, code_hash, relationship) VALUES (:patient, sha256('SECOND'), 'son');
SELECT is(pg_temp.no(:relative, $$family_connect(sha256('SECOND'), NULL)$$), 'DT409 family.already_connected', 'not linked twice');

-- Rights are changed by the patient alone.
CREATE FUNCTION pg_temp.rights(who uuid, permissions text, hidden text, ends text) RETURNS text LANGUAGE sql
AS $$ SELECT pg_temp.no(who, format('family_set_permissions(%L, %L, %L, %L, %L)', (SELECT id FROM family_relationships WHERE family_member_id = '00000000-0000-7000-8000-0000000000c3'), permissions, hidden, ends, ends IS NOT NULL)) $$;
SELECT is(pg_temp.rights(:relative, '{"view_prescriptions": true}', NULL, NULL), 'DT404 not_found', 'not by the relative');
SELECT is(pg_temp.rights(:patient, '{"admin": true}', NULL, NULL), 'DT422 family.permission_unknown', 'nothing unknown');
SELECT is(pg_temp.rights(:patient, NULL, '{00000000-0000-7000-8000-0000000002c2}', NULL), 'DT422 family.hidden_medication_unknown', 'another''s medicine cannot be hidden');
SELECT is(pg_temp.rights(:patient, NULL, NULL, '2020-01-01'), 'DT422 family.expires_in_past', 'nor an end in the past');
SELECT is(pg_temp.rights(:patient, '{"log_doses": false}', '{}', NULL), NULL, 'by the patient');
SELECT is((SELECT log_doses || ' ' || view_reports FROM family_relationships WHERE id = :'link'), 'false true', 'only what was named');
SELECT is(pg_temp.no(:stranger, format('family_revoke(%L)', :'link')), 'DT404 not_found', 'a stranger ends nothing');
SELECT is(pg_temp.no(:relative, format('family_revoke(%L)', :'link')), NULL, 'either side ends it');
SELECT is(pg_temp.no(:patient, format('family_revoke(%L)', :'link')), 'DT404 not_found', 'once');
SELECT is(pg_temp.rights(:patient, '{"log_doses": true}', NULL, NULL), 'DT404 not_found', 'and nothing brings it back');
SELECT * FROM finish();
ROLLBACK;
