-- What somebody wrote as staff is found for that person's export.
CREATE INDEX draft_by_author ON draft (author);
