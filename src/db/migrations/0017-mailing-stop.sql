-- A mailing that the administration has stopped: the rest of the people don't get it.

ALTER TABLE mailing ADD COLUMN stopped_at BIGINT NOT NULL DEFAULT 0; -- 0: not stopped; else done_at too
