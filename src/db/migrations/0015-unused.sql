-- Accounts that nobody uses: who was told so.

CREATE TABLE unused_notice (
    person_id TEXT PRIMARY KEY REFERENCES person (id),
    told_at BIGINT NOT NULL,
    close_at BIGINT NOT NULL           -- unless the person signs in before
);
CREATE INDEX unused_notice_by_time ON unused_notice (close_at);
CREATE INDEX person_by_sign_in ON person (state, signed_in_at);
