-- From where and with what people sign in: of open sessions, and of the last sign-ins and refusals.

ALTER TABLE session ADD COLUMN origin TEXT NOT NULL DEFAULT ''; -- sealed: browser, network, place; or ''

CREATE TABLE sign_in (
    id TEXT PRIMARY KEY,               -- begins with the instant: in their order
    person_id TEXT NOT NULL REFERENCES person (id),
    at BIGINT NOT NULL,
    outcome TEXT NOT NULL,             -- signed-in, password, waits, closed, more
    origin TEXT NOT NULL               -- sealed
);
CREATE INDEX sign_in_by_person ON sign_in (person_id, id);
CREATE INDEX sign_in_refused ON sign_in (person_id, at) WHERE outcome <> 'signed-in';
CREATE INDEX sign_in_by_age ON sign_in (at);

-- Countries that a person has signed in from.
CREATE TABLE sign_in_country (
    person_id TEXT NOT NULL REFERENCES person (id),
    country TEXT NOT NULL,             -- lookup, another one for each person
    seen_at BIGINT NOT NULL,           -- the last sign-in
    PRIMARY KEY (person_id, country)
);
CREATE INDEX sign_in_country_by_age ON sign_in_country (seen_at);
