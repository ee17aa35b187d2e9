-- People of the ledger of acts who are destroyed: since when, and how who comes back with the last e-mail address is
-- found to be one of them.

CREATE TABLE former_person (
    pseudonym TEXT PRIMARY KEY,        -- as in act
    email TEXT NOT NULL,               -- keyed, by a key for this alone, so that nothing else in the database equals it; '' if it could not be read
    ended_at BIGINT NOT NULL
);
CREATE INDEX former_person_by_email ON former_person (email);
CREATE INDEX former_person_by_end ON former_person (ended_at);
