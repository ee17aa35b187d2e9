-- A look at one's own data, once a year: since when the year runs. The confirmation, the last change by the person or
-- the last reminder, whichever came last.

ALTER TABLE person ADD COLUMN reviewed_at BIGINT NOT NULL DEFAULT 0;
UPDATE person SET reviewed_at = confirmed_at;
CREATE INDEX person_by_review ON person (state, reviewed_at);
