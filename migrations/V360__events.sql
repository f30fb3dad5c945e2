-- Events of the outbox have an id of their own, which receivers know them by, and need not belong to a thread. Nodes of earlier
-- releases store events without an id, and never one without a thread.
ALTER TABLE outbox ADD COLUMN id text COLLATE "C";
ALTER TABLE outbox ALTER COLUMN thread_id DROP NOT NULL;

-- The id of the request that created the run, or the root of its tree; null if it is not known.
ALTER TABLE runs ADD COLUMN request_id text COLLATE "C";
