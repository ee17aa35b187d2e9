-- Browsers in which a person has signed in: guessing by strangers doesn't slow them down.

CREATE TABLE device (
    person_id TEXT NOT NULL REFERENCES person (id),
    browser TEXT NOT NULL,             -- hash of the form cookie's browser id
    seen_at BIGINT NOT NULL,           -- the last sign-in
    PRIMARY KEY (person_id, browser)
);
CREATE INDEX device_by_age ON device (seen_at);
