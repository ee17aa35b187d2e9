-- A name that its person gave up stays that person's for a while, and attempts to sign in under names
-- that nobody has leave the same rows as others.

ALTER TABLE identifier ADD COLUMN reserved_until BIGINT NOT NULL DEFAULT 0; -- 0: in use; else given up, and nobody else's until then
CREATE INDEX identifier_reserved ON identifier (reserved_until) WHERE reserved_until > 0;

-- As `sign_in`, index by index: a refusal writes as much for nobody as for somebody. Kept for a day.
CREATE TABLE sign_in_nobody (
    id TEXT PRIMARY KEY,
    lookup TEXT NOT NULL,              -- of the name that was typed; '': beyond what a person's list takes
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    origin TEXT NOT NULL               -- sealed, never read
);
CREATE INDEX sign_in_nobody_by_name ON sign_in_nobody (lookup, id);
CREATE INDEX sign_in_nobody_refused ON sign_in_nobody (lookup, at) WHERE outcome <> 'signed-in';
CREATE INDEX sign_in_nobody_by_age ON sign_in_nobody (at);
