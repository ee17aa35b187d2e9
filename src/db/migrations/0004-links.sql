-- One-time links: whoever holds the token may do one thing for one person, once.

CREATE TABLE link (
    token TEXT PRIMARY KEY,            -- hash
    person_id TEXT NOT NULL REFERENCES person (id),
    purpose TEXT NOT NULL,             -- password
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL            -- else 0
);
CREATE INDEX link_by_person ON link (person_id, purpose);
CREATE INDEX link_by_expiry ON link (expires_at);

-- How often everybody's sessions were ended. A session carries the sum of this and its person's
-- generation, so that raising either ends it.
INSERT INTO meta (name, value) VALUES ('sessions.ended', '0');
