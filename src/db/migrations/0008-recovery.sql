-- Recovery of access: what was asked for under a name, whoever has it, and what came of it.

CREATE TABLE recovery (
    id TEXT PRIMARY KEY,
    browser TEXT NOT NULL,             -- hash of the asking browser's form cookie
    kind TEXT NOT NULL,                -- of the name typed: login, email
    lookup TEXT NOT NULL,
    person_id TEXT NOT NULL,           -- '' until the letter is written, and for ever where nobody is written to
    code TEXT NOT NULL,                -- keyed hash; likewise
    attempts BIGINT NOT NULL,          -- codes tried, counted before they are checked
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    answered_at BIGINT NOT NULL,       -- a job has looked whose name it is; else 0
    used_at BIGINT NOT NULL            -- the code was right; else 0
);
CREATE INDEX recovery_by_browser ON recovery (browser, created_at);
CREATE INDEX recovery_by_answer ON recovery (answered_at, created_at);
CREATE INDEX recovery_by_expiry ON recovery (expires_at);
CREATE INDEX recovery_by_person ON recovery (person_id);
