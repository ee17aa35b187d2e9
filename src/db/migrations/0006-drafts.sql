-- Versions of documents that wait for their publication, and who was told of a version before it came.

-- Never changed once made: who approves it approves just what its author made.
CREATE TABLE draft (
    number BIGINT PRIMARY KEY,
    kind TEXT NOT NULL,
    effective_at BIGINT NOT NULL,      -- 0: at once
    editorial TEXT NOT NULL,           -- the reason, or '' for a material version
    drops_languages BIGINT NOT NULL,   -- 1: may lack languages that the last version has
    author TEXT NOT NULL,              -- person id
    created_at BIGINT NOT NULL,
    state TEXT NOT NULL,               -- open, published, withdrawn
    version BIGINT NOT NULL,           -- when published, else 0
    decided_by TEXT NOT NULL,          -- person id, or '' while open
    decided_at BIGINT NOT NULL         -- else 0
);
CREATE INDEX draft_by_state ON draft (state, number);

CREATE TABLE draft_text (
    number BIGINT NOT NULL REFERENCES draft (number),
    language TEXT NOT NULL,
    markup TEXT NOT NULL,              -- plain, markdown
    source TEXT NOT NULL,
    PRIMARY KEY (number, language)
);

-- A material version of the policy that was published ahead of its time: how far its letters are.
CREATE TABLE announcement (
    version BIGINT PRIMARY KEY,
    reached TEXT NOT NULL,             -- id of the last person looked at, or ''
    done_at BIGINT NOT NULL            -- else 0
);
CREATE INDEX announcement_open ON announcement (done_at, version);

CREATE TABLE told (
    version BIGINT NOT NULL,           -- of the policy
    person_id TEXT NOT NULL REFERENCES person (id),
    way TEXT NOT NULL,                 -- letter, page
    at BIGINT NOT NULL,
    PRIMARY KEY (version, person_id)
);
CREATE INDEX told_by_person ON told (person_id);

-- The last sign-in; 0: none that we know of.
ALTER TABLE person ADD COLUMN signed_in_at BIGINT NOT NULL DEFAULT 0;
UPDATE person SET signed_in_at = COALESCE((SELECT MAX(s.used_at) FROM session s
    WHERE s.person_id = person.id), 0);
UPDATE person SET signed_in_at = (SELECT MAX(d.seen_at) FROM device d WHERE d.person_id = person.id)
    WHERE EXISTS (SELECT 1 FROM device d
        WHERE d.person_id = person.id AND d.seen_at > person.signed_in_at);

-- Who has acted on a version.
CREATE INDEX act_by_version ON act (kind, version, verb, pseudonym);
