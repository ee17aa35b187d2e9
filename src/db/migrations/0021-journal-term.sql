-- The journal has a term: where the chain of a host begins whose first rows were removed.

CREATE TABLE journal_start (
    host TEXT PRIMARY KEY,
    sequence BIGINT NOT NULL,          -- the last row that was removed
    told BIGINT NOT NULL,              -- up to which a row of the journal says so
    cut_at BIGINT NOT NULL,
    link TEXT NOT NULL,                -- head value behind that row
    proof TEXT NOT NULL                -- keyed hash over all of these
);
