-- A session says itself that the second factor is due, from its beginning on: -1 in mfa_at. So reading one asks for no
-- credential.

UPDATE session SET mfa_at = -1 WHERE mfa_at = 0 AND person_id IN (SELECT person_id FROM credential WHERE kind = 'totp');
