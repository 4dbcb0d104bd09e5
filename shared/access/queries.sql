-- Identity at the head of every batch.

-- name: enter_session
SELECT enter(:session_id::uuid, :user_id::uuid, :roles::text[], :need_active::boolean, :request_id::text, :ip::text) AS language

-- name: enter_anonymous
SELECT set_config('app.request_id', :request_id::text, true), set_config('app.ip', :ip::text, true)
