-- A fork whose source was deleted: the nearest thread before it that is left, and the time until which it knows what that one had.
ALTER TABLE threads ADD COLUMN heir_of text COLLATE "C", ADD COLUMN heir_until timestamptz;
CREATE INDEX threads_by_inheritance ON threads (heir_of) WHERE heir_of IS NOT NULL;
