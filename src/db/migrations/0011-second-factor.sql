-- The second factor. Its secret is a row of credential of the kind "totp"; "totp-new" while it is shown and not yet
-- confirmed by a code.

-- The last step of time whose code was taken: none is taken twice.
ALTER TABLE credential ADD COLUMN used_step BIGINT NOT NULL DEFAULT 0;

-- Codes for a lost telephone; each goes with its use.
CREATE TABLE factor_code (
    person_id TEXT NOT NULL REFERENCES person (id),
    code TEXT NOT NULL,                -- keyed hash
    PRIMARY KEY (person_id, code)
);
