-- Looks at lists of people are found by time, for the copy of one's data.
CREATE INDEX journal_looks ON journal (at, host, sequence) WHERE event = 'staff.look';
