-- What people change of their accounts: an e-mail address asked for, until it is proved; one given up, as long as it
-- can be brought back; and passwords that have to be replaced.

CREATE TABLE address_change (
    person_id TEXT PRIMARY KEY REFERENCES person (id),
    email TEXT NOT NULL,               -- sealed: the address asked for
    lookup TEXT NOT NULL,
    code TEXT NOT NULL,                -- keyed hash of the code sent to it; fits nothing when it is somebody's
    attempts BIGINT NOT NULL,          -- codes tried, counted before they are checked
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX address_change_by_expiry ON address_change (expires_at);

CREATE TABLE former_address (
    token TEXT PRIMARY KEY,            -- hash: of the link by which it comes back
    person_id TEXT NOT NULL REFERENCES person (id),
    email TEXT NOT NULL,               -- sealed
    lookup TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX former_address_by_person ON former_address (person_id, created_at);
CREATE INDEX former_address_by_expiry ON former_address (expires_at);

-- The password opens nothing any more but the page where another is set; 0: it is good.
ALTER TABLE credential ADD COLUMN expired_at BIGINT NOT NULL DEFAULT 0;
