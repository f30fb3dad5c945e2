-- Whether the event log of a run keeps every delta as it was published, so that each replay has the same events.
-- Versions before this one insert runs without it, and merge deltas when they commit.
ALTER TABLE runs ADD COLUMN exact_replay boolean NOT NULL DEFAULT false;
