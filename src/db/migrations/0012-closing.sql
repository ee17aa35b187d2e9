-- Accounts that are being closed, those that nobody uses, and the acts of destruction.

CREATE TABLE closing (
    person_id TEXT PRIMARY KEY REFERENCES person (id),
    was TEXT NOT NULL,                 -- the state that a recall restores: active, blocked
    reason TEXT NOT NULL,              -- request, order, unused
    asked_at BIGINT NOT NULL,
    due_at BIGINT NOT NULL             -- a recall is good before, the data are destroyed from then on
);
CREATE INDEX closing_by_due ON closing (due_at);

-- What the order of Roskomnadzor no. 179 asks of an act, but for what the page says in words. It names nobody: the
-- id led to a name only by what was destroyed.
CREATE TABLE destruction (
    id TEXT PRIMARY KEY,               -- number of the act
    person_id TEXT NOT NULL,
    operator TEXT NOT NULL,            -- name and address, as the settings had it; or ''
    system TEXT NOT NULL,              -- name and address of the portal, likewise
    reason TEXT NOT NULL,              -- request, order, unused, withdrawal, restored
    note TEXT NOT NULL,                -- sealed under the system's key: the administrator's words; or ''
    asked_at BIGINT NOT NULL,          -- when the ground for it arose
    destroyed_at BIGINT NOT NULL,
    responsible TEXT NOT NULL,         -- job, pdportalctl
    categories TEXT NOT NULL,          -- JSON: rows destroyed, by table
    wiped_at BIGINT NOT NULL           -- the database's log holds no older page any more; else 0
);
CREATE INDEX destruction_by_time ON destruction (destroyed_at, id);
CREATE INDEX destruction_by_person ON destruction (person_id);
CREATE INDEX destruction_unwiped ON destruction (wiped_at);
