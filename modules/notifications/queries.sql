-- Notices of the caller, and what delivery_worker reads and marks. Nobody sees another person's notices, so user_id is the whole rule.

-- A kind of notice that the caller does not want in the app is left out.
-- name: list_notifications
SELECT n.id, n.type, n.title, n.message, n.data, n.is_read, n.read_at, n.created_at,
       n.created_at AS _cursor_1, n.id AS _cursor_2
  FROM notifications n
 WHERE n.user_id = app_user_id()
   AND (n.created_at, n.id) < (coalesce(:cursor_1::timestamptz, 'infinity'), coalesce(:cursor_2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
   AND NOT (coalesce(:unread::boolean, false) AND n.is_read)
   AND n.type NOT IN (SELECT p.type FROM notification_preferences p
                       WHERE p.user_id = app_user_id() AND p.channel = 'in_app' AND NOT p.enabled)
 ORDER BY n.created_at DESC, n.id DESC
 LIMIT :limit::int + 1;

-- Reading twice keeps the first time.
-- name: read_notification
UPDATE notifications n
   SET is_read = true, read_at = coalesce(n.read_at, now())
 WHERE n.id = :notification_id::uuid AND n.user_id = app_user_id()
RETURNING n.id, n.type, n.title, n.message, n.data, n.is_read, n.read_at, n.created_at;

-- name: read_all_notifications
WITH marked AS (
    UPDATE notifications n SET is_read = true, read_at = now() WHERE n.user_id = app_user_id() AND NOT n.is_read RETURNING 1
)
SELECT count(*)::int AS marked FROM marked;

-- name: list_notification_preferences
SELECT t.type, bool_or(w.enabled) FILTER (WHERE w.channel = 'in_app') AS "channels.in_app",
       bool_or(w.enabled) FILTER (WHERE w.channel = 'email') AS "channels.email",
       bool_or(w.enabled) FILTER (WHERE w.channel = 'push') AS "channels.push"
  FROM notification_types t
 CROSS JOIN LATERAL (
       SELECT c.channel, coalesce(p.enabled, c.wanted) AS enabled
         FROM (VALUES ('in_app', t.in_app), ('email', t.email), ('push', t.push)) AS c (channel, wanted)
         LEFT JOIN notification_preferences p ON p.user_id = app_user_id() AND p.type = t.type AND p.channel = c.channel) AS w
 GROUP BY t.type
 ORDER BY t.type;

-- What is not named goes back to the default of its kind. A kind named twice: the last one counts.
-- name: replace_notification_preferences
WITH wanted AS (
    SELECT DISTINCT ON (i.item ->> 'type', c.key) i.item ->> 'type' AS type, c.key AS channel, c.value::boolean AS enabled
      FROM jsonb_array_elements(:items::jsonb) WITH ORDINALITY AS i (item, position)
     CROSS JOIN LATERAL jsonb_each_text(i.item -> 'channels') AS c
     ORDER BY i.item ->> 'type', c.key, i.position DESC
), dropped AS (
    DELETE FROM notification_preferences p
     WHERE p.user_id = app_user_id() AND (p.type, p.channel) NOT IN (SELECT w.type, w.channel FROM wanted w)
)
INSERT INTO notification_preferences AS p (user_id, type, channel, enabled)
SELECT app_user_id(), w.type, w.channel, w.enabled FROM wanted w
    ON CONFLICT (user_id, type, channel) DO UPDATE SET enabled = excluded.enabled, updated_at = now();

-- Where a stream without a past begins: behind what can be seen. What is being delivered at this moment gets a higher place.
-- name: start_notification_stream
SELECT coalesce(notification_last_place(app_user_id()), now() - interval '7 days') AS at;

-- A person's notices appear in the order of their places (notification_place), so none can be passed by. What lay undelivered for a week
-- is found in the list only.
-- name: read_notification_stream
SELECT n.id, n.type, n.title, n.message, n.data, n.is_read, n.read_at, n.created_at, n.delivered_at AS _delivered_at
  FROM notifications n
 WHERE n.user_id = app_user_id()
   AND n.created_at > :after_at::timestamptz - interval '7 days'
   AND (n.delivered_at, n.id) > (:after_at::timestamptz, :after_id::uuid)
 ORDER BY n.delivered_at, n.id
 LIMIT 50;

-- Which moment it becomes is the trigger's business.
-- name: mark_delivered
UPDATE notifications n SET delivered_at = clock_timestamp()
  FROM outbox o
 WHERE o.id = :job_id::uuid AND n.id = (o.payload ->> 'notification_id')::uuid
   AND n.created_at = (o.payload ->> 'created_at')::timestamptz AND n.delivered_at IS NULL;

-- Everything an e-mail or a text message is made of. `title` is that of a notice, fit for a lock screen; a template is another sender's.
-- name: read_outbox_message
SELECT o.dedupe_key, o.sealed, o.payload ->> 'template' AS template, o.payload -> 'values' AS "values",
       o.payload ->> 'to' AS given, coalesce(o.payload ->> 'to', u.email) AS address, coalesce(u.language, 'km') AS language,
       t.title ->> coalesce(u.language, 'km') AS title
  FROM outbox o
  LEFT JOIN users u ON u.id = o.user_id
  LEFT JOIN notification_types t ON t.type = o.payload ->> 'type'
 WHERE o.id = :job_id::uuid;
