-- 027: codes sent are counted by account and by address or number, whatever they are for.

DROP INDEX verification_codes_phone;
CREATE INDEX verification_codes_target ON verification_codes (lower(target), created_at);
CREATE INDEX verification_codes_account ON verification_codes (user_id, created_at);
