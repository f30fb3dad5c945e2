-- How many messages of a thread were deleted, so that a node that remembers them can tell whether it still may.
ALTER TABLE threads ADD COLUMN deletions integer NOT NULL DEFAULT 0;
