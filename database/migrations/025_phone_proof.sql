-- 025: how many codes went to one number lately is counted by it.
CREATE INDEX verification_codes_phone ON verification_codes (target, created_at) WHERE purpose = 'phone_change';
