-- The main job: people, their credentials and sessions, documents and acts, letters, journal.
-- One dialect for SQLite and PostgreSQL: TEXT and BIGINT only, nothing NULL, instants are microseconds
-- since 1970 UTC. Columns marked "sealed" hold pd_seal texts, "lookup" keyed hashes, "hash" unkeyed
-- hashes of random tokens.

CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

CREATE TABLE person (
    id TEXT PRIMARY KEY,
    state TEXT NOT NULL,               -- pending, active, blocked, closing, destroyed
    data_key TEXT NOT NULL,            -- wrapped; destroying it is the erasure
    login TEXT NOT NULL,               -- sealed
    email TEXT NOT NULL,               -- sealed
    language TEXT NOT NULL,
    generation BIGINT NOT NULL,        -- raised by every change that ends this person's sessions
    policy_version BIGINT NOT NULL,    -- last acknowledged
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT NOT NULL
);

-- What is taken: only confirmed people stand here.
CREATE TABLE identifier (
    kind TEXT NOT NULL,                -- login, email
    lookup TEXT NOT NULL,
    person_id TEXT NOT NULL REFERENCES person (id),
    PRIMARY KEY (kind, lookup)
);
CREATE INDEX identifier_by_person ON identifier (person_id);

CREATE TABLE credential (
    person_id TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL,                -- password
    secret TEXT NOT NULL,              -- sealed
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (person_id, kind)
);

-- A registration waiting for its mailbox. One of an e-mail that is known already looks the same but
-- is a decoy: its letter went to the owner and carries no secret of this row.
CREATE TABLE registration (
    person_id TEXT PRIMARY KEY REFERENCES person (id),
    decoy BIGINT NOT NULL,
    login_lookup TEXT NOT NULL,
    email_lookup TEXT NOT NULL,
    browser TEXT NOT NULL,             -- hash of the registering browser's form cookie
    token TEXT NOT NULL,               -- hash of the link's token
    code TEXT NOT NULL,                -- keyed hash of the typed code
    attempts BIGINT NOT NULL,          -- codes and passwords tried, counted before they are checked
    return_to TEXT NOT NULL,           -- sealed
    acts TEXT NOT NULL,                -- sealed: what was ticked, JSON
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    proved_at BIGINT NOT NULL,         -- the mailbox is proved, another login is needed; else 0
    confirmed_at BIGINT NOT NULL       -- else 0
);
CREATE UNIQUE INDEX registration_by_token ON registration (token);
CREATE INDEX registration_by_browser ON registration (browser, created_at);
CREATE INDEX registration_by_expiry ON registration (expires_at);
CREATE INDEX registration_by_email ON registration (email_lookup);

CREATE TABLE session (
    token TEXT PRIMARY KEY,            -- hash
    id TEXT NOT NULL,                  -- what pages and the journal call it
    person_id TEXT NOT NULL REFERENCES person (id),
    generation BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX session_by_person ON session (person_id);
CREATE INDEX session_by_expiry ON session (expires_at);
CREATE INDEX session_by_use ON session (used_at);
CREATE UNIQUE INDEX session_by_id ON session (id);

-- Immutable once published.
CREATE TABLE document (
    kind TEXT NOT NULL,                -- policy, processing
    version BIGINT NOT NULL,
    published_at BIGINT NOT NULL,
    effective_at BIGINT NOT NULL,
    editorial TEXT NOT NULL,           -- the reason, or '' for a material version
    PRIMARY KEY (kind, version)
);

CREATE TABLE document_text (
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    language TEXT NOT NULL,
    title TEXT NOT NULL,
    markup TEXT NOT NULL,              -- plain, markdown
    source TEXT NOT NULL,
    html TEXT NOT NULL,
    source_sha256 TEXT NOT NULL,
    html_sha256 TEXT NOT NULL,         -- of the body as the reader sees it
    PRIMARY KEY (kind, version, language),
    FOREIGN KEY (kind, version) REFERENCES document (kind, version)
);

-- Acknowledgements, consents, withdrawals: a ledger, only ever added to.
CREATE TABLE act (
    id TEXT PRIMARY KEY,
    pseudonym TEXT NOT NULL,           -- keyed; outlives the person
    verb TEXT NOT NULL,                -- acknowledged, consented, withdrew
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    language TEXT NOT NULL,
    html_sha256 TEXT NOT NULL,
    wording TEXT NOT NULL,             -- of the box, as it was shown
    form TEXT NOT NULL,                -- which form
    at BIGINT NOT NULL
);
CREATE INDEX act_by_pseudonym ON act (pseudonym, kind, at);

CREATE TABLE letter (
    id TEXT PRIMARY KEY,
    person_id TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL,                -- confirm, known
    mailbox TEXT NOT NULL,             -- lookup of the address, to count letters per hour
    recipient TEXT NOT NULL,           -- sealed
    subject TEXT NOT NULL,             -- sealed
    body TEXT NOT NULL,                -- sealed
    language TEXT NOT NULL,
    message_id TEXT NOT NULL,
    state TEXT NOT NULL,               -- queued, sending, sent, failed
    attempts BIGINT NOT NULL,
    next_at BIGINT NOT NULL,           -- not before; while sending, when the lease ends
    lease TEXT NOT NULL,               -- who holds it, or ''
    outcome TEXT NOT NULL,             -- last: '', accepted, deferred, refused, unknown, unreachable
    reply_code BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    done_at BIGINT NOT NULL
);
CREATE INDEX letter_due ON letter (state, next_at);
CREATE INDEX letter_by_mailbox ON letter (mailbox, created_at);
CREATE INDEX letter_by_person ON letter (person_id);
CREATE INDEX letter_by_done ON letter (state, done_at);

CREATE TABLE journal (
    host TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    at BIGINT NOT NULL,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,             -- person id or ''
    details TEXT NOT NULL,             -- sealed, or ''
    chain TEXT NOT NULL,               -- keyed hash over the row and the one before
    PRIMARY KEY (host, sequence)
);
CREATE INDEX journal_by_subject ON journal (subject, at);

CREATE TABLE journal_head (
    host TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL,
    chain TEXT NOT NULL
);
