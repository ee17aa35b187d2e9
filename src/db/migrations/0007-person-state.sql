-- People are counted by their state, and those to be closed are found, without reading their rows.
CREATE INDEX person_by_state ON person (state, id);
