-- What caches outside the database have to know: one numbered row per change that concerns them. Each
-- host reads what is new; rows are kept for a while only. The head's row makes numbers gap-free.

CREATE TABLE invalidation_head (
    name TEXT PRIMARY KEY,             -- always 'head'
    number BIGINT NOT NULL             -- of the last row
);
INSERT INTO invalidation_head (name, number) VALUES ('head', 0);

CREATE TABLE invalidation (
    number BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,                -- person, everybody, documents
    subject TEXT NOT NULL,             -- person id, or ''
    at BIGINT NOT NULL
);
CREATE INDEX invalidation_by_age ON invalidation (at);

-- The instant of the second factor; 0: none.
ALTER TABLE session ADD COLUMN mfa_at BIGINT NOT NULL DEFAULT 0;

-- Appointed staff rights.
CREATE TABLE role (
    person_id TEXT NOT NULL REFERENCES person (id),
    role TEXT NOT NULL,
    appointed_by TEXT NOT NULL,        -- person id, or 'pdportalctl'
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,             -- 0: open
    PRIMARY KEY (person_id, role)
);
