-- Acts become receipts: from where and with what they were done, in an order that no clock decides.

ALTER TABLE act ADD COLUMN address TEXT NOT NULL DEFAULT '';   -- sealed under the person's key, or ''
ALTER TABLE act ADD COLUMN agent TEXT NOT NULL DEFAULT '';     -- likewise
ALTER TABLE act ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0; -- of the pseudonym's acts of this kind, from 1 on

-- As their instants were read until now: at the same one, who withdrew had the last word.
UPDATE act SET sequence = (SELECT COUNT(*) FROM act b WHERE b.pseudonym = act.pseudonym AND b.kind = act.kind
    AND (b.at < act.at OR (b.at = act.at AND (b.verb < act.verb OR (b.verb = act.verb AND b.id <= act.id)))));

DROP INDEX act_by_pseudonym;
CREATE UNIQUE INDEX act_in_order ON act (pseudonym, kind, sequence);

-- What the law wants done after a consent was taken back, and by when.
CREATE TABLE withdrawal (
    act TEXT PRIMARY KEY,              -- the act of taking back
    person_id TEXT NOT NULL REFERENCES person (id),
    kind TEXT NOT NULL,
    task TEXT NOT NULL,                -- destroy: what was kept for this consent alone; close: the account
    started_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL,            -- the last microsecond in which it is in time
    done_at BIGINT NOT NULL,           -- else 0
    outcome TEXT NOT NULL              -- '', done, given-again
);
CREATE INDEX withdrawal_by_due ON withdrawal (done_at, due_at);
CREATE INDEX withdrawal_by_person ON withdrawal (person_id, kind);
