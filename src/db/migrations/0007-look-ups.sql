-- People are counted by their state, and those to be closed are found, without reading their rows.
CREATE INDEX person_by_state ON person (state, id);

-- Which consents stand is read with every session that is asked of the database: from one tree.
CREATE INDEX act_standing ON act (pseudonym, kind, sequence, verb);
