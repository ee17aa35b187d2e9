-- Messages to people on the portal itself.

CREATE TABLE notice (
    id TEXT PRIMARY KEY,               -- begins with the instant: in their order
    person_id TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL,
    content TEXT NOT NULL,             -- sealed: what its words are made with
    letter TEXT NOT NULL,              -- kind of the letter that told of it, or ''
    created_at BIGINT NOT NULL,
    read_at BIGINT NOT NULL            -- 0: unread
);
CREATE INDEX notice_by_person ON notice (person_id);
CREATE INDEX notice_unread ON notice (person_id, id) WHERE read_at = 0;
CREATE INDEX notice_read ON notice (person_id, id) WHERE read_at <> 0;
CREATE INDEX notice_by_age ON notice (created_at);

-- Optional kinds that a person does not want.
CREATE TABLE notice_off (
    person_id TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL,
    PRIMARY KEY (person_id, kind)
);

-- A notice on its way to everybody who agreed to its kind.
CREATE TABLE mailing (
    id TEXT PRIMARY KEY,               -- begins with the instant
    kind TEXT NOT NULL,
    language TEXT NOT NULL,            -- of the text
    body TEXT NOT NULL,                -- first line the subject; '' when done
    reached TEXT NOT NULL,             -- the person looked at last, in the order of ids
    written BIGINT NOT NULL,           -- how many have it
    created_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL            -- 0: not done
);
CREATE INDEX mailing_open ON mailing (done_at, id);
