-- Invitations, connections and the rights of relatives. The steps themselves are functions (database/functions/family.sql,
-- family_contact.sql); here is who is shown what.

-- A code that is already taken gives no row: the caller makes another one.
-- name: create_invitation
SELECT i.id, i.relationship, i.permissions, i.status, i.expires_at
  FROM family_invite(:code_hash::bytea, :relationship::text, :permissions::jsonb, :expires_in_hours::int) AS i;

-- name: list_invitations
SELECT i.id, i.relationship, i.permissions,
       CASE WHEN i.status = 'pending' AND i.expires_at <= now() THEN 'expired' ELSE i.status END AS status,
       i.expires_at, i.claimed_at, i.created_at, i.id AS _cursor_1
  FROM family_invitations i
 WHERE i.patient_id = app_user_id() AND i.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY i.id DESC
 LIMIT :limit::int + 1;

-- name: revoke_invitation
SELECT family_uninvite(:invitation_id::uuid) AS _done;

-- Guesses count per account and per address; slips of the many who share an address are forgiven one a minute.
-- name: wait_for_guess
SELECT greatest(throttle_wait('invitation', account_guess_key()), throttle_wait('invitation_address', address_key(:ip::text))) AS wait_s;

-- name: count_wrong_code
SELECT throttle_failure('invitation', account_guess_key()) AS account_wait_s,
       throttle_failure('invitation_address', address_key(:ip::text), 30, interval '1 minute') AS address_wait_s;

-- name: connect_to_patient
SELECT c.id, u.id AS "member.id", u.first_name AS "member.first_name", u.last_name AS "member.last_name", c.relationship, c.message,
       c.status, c.reason, c.decided_at, c.created_at
  FROM family_connect(:code_hash::bytea, :message::text) AS c JOIN users u ON u.id = c.family_member_id;

-- name: list_connection_requests
SELECT c.id, c.family_member_id AS "member.id", u.first_name AS "member.first_name", u.last_name AS "member.last_name", c.relationship,
       c.message, c.status, c.reason, c.decided_at, c.created_at, c.id AS _cursor_1
  FROM family_connection_requests c LEFT JOIN users u ON u.id = c.family_member_id
 WHERE app_user_id() IN (c.patient_id, c.family_member_id)
   AND (:status::text IS NULL OR c.status = :status::text)
   AND c.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY c.id DESC
 LIMIT :limit::int + 1;

-- name: approve_connection
SELECT f.id, f.family_member_id AS "member.id", u.first_name AS "member.first_name", u.last_name AS "member.last_name",
       f.relationship_type AS relationship, family_rights(f) AS permissions, f.hidden_medication_ids, f.expires_at, f.created_at
  FROM family_approve(:request_id::uuid, :permissions::jsonb) AS f JOIN users u ON u.id = f.family_member_id;

-- name: reject_connection
SELECT c.id, c.family_member_id AS "member.id", u.first_name AS "member.first_name", u.last_name AS "member.last_name", c.relationship,
       c.message, c.status, c.reason, c.decided_at, c.created_at
  FROM family_reject(:request_id::uuid, :reason::text) AS c LEFT JOIN users u ON u.id = c.family_member_id;

-- name: list_family_members
SELECT f.id, f.family_member_id AS "member.id", u.first_name AS "member.first_name", u.last_name AS "member.last_name",
       f.relationship_type AS relationship, family_rights(f) AS permissions, f.hidden_medication_ids, f.expires_at, f.created_at,
       f.id AS _cursor_1
  FROM family_relationships f JOIN users u ON u.id = f.family_member_id
 WHERE f.patient_id = app_user_id() AND f.status = 'active' AND (f.expires_at IS NULL OR f.expires_at > now())
   AND f.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY f.id DESC
 LIMIT :limit::int + 1;

-- name: change_family_member
SELECT f.id, f.family_member_id AS "member.id", u.first_name AS "member.first_name", u.last_name AS "member.last_name",
       f.relationship_type AS relationship, family_rights(f) AS permissions, f.hidden_medication_ids, f.expires_at, f.created_at
  FROM family_set_permissions(:link_id::uuid, :permissions::jsonb,
           CASE WHEN :has_hidden_medication_ids::boolean
                THEN ARRAY(SELECT DISTINCT h::uuid FROM jsonb_array_elements_text(:hidden_medication_ids::jsonb) AS h) END,
           :expires_at::timestamptz, :has_expires_at::boolean) AS f
  JOIN users u ON u.id = f.family_member_id;

-- Either end may end a link, each by its own address.
-- name: remove_family_member
SELECT family_revoke(f.id) AS _done FROM family_relationships f WHERE f.id = :link_id::uuid AND f.patient_id = app_user_id();

-- name: unfollow_patient
SELECT family_revoke(f.id) AS _done FROM family_relationships f WHERE f.id = :link_id::uuid AND f.family_member_id = app_user_id();

-- name: list_followed_patients
SELECT f.id, f.patient_id AS "patient.id", u.first_name AS "patient.first_name", u.last_name AS "patient.last_name",
       f.relationship_type AS relationship, family_rights(f) AS permissions, f.expires_at, f.created_at, f.id AS _cursor_1
  FROM family_relationships f JOIN users u ON u.id = f.patient_id
 WHERE f.family_member_id = app_user_id() AND f.status = 'active' AND (f.expires_at IS NULL OR f.expires_at > now())
   AND f.id < (SELECT coalesce(:cursor_1::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
 ORDER BY f.id DESC
 LIMIT :limit::int + 1;

-- LIMIT is worked out before any row is looked for: so who may not look is refused, also where there is nothing to see.
-- name: list_followed_doses_today
WITH asked AS MATERIALIZED (SELECT viewed_patient(:patient_id::uuid, 'view_reminders', 'doses') AS patient)
SELECT d.id, d.reminder_id, d."medication.id", d."medication.name", d."medication.strength", d."medication.form", d.time_slot,
       d.due_at, d.local_date, d.local_time, d.status, d.grace_until, d.taken_at, d.taken_late, d.dose_amount, d.dose_unit,
       d.dose_taken, d.snoozed_until, d.skip_reason, d.notes
  FROM dose_cards d
 WHERE d.patient_id = (SELECT a.patient FROM asked a) AND d.local_date = (SELECT patient_today(a.patient) FROM asked a)
 ORDER BY d.due_at, d.id
 LIMIT (SELECT 1000 FROM asked);

-- name: nudge_patient
SELECT n.dose_id, n.nudges_left FROM family_nudge(:patient_id::uuid, :dose_id::uuid) AS n;
