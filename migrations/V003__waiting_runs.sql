-- A run that waits for another one on its thread: clients see it queued, but it does not lock the
-- thread and nobody may claim it. Its messages join the thread when its turn comes.
ALTER TABLE runs
  ADD COLUMN waiting boolean NOT NULL DEFAULT false,
  ADD COLUMN waiting_messages jsonb;

DROP INDEX runs_one_active_a_thread;
CREATE UNIQUE INDEX runs_one_active_a_thread ON runs (thread_id)
  WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling') AND NOT waiting;
DROP INDEX runs_unclaimed;
CREATE INDEX runs_unclaimed ON runs (project_id, created_at, id)
  WHERE status = 'queued' AND owner IS NULL AND NOT waiting;
CREATE INDEX runs_waiting ON runs (thread_id, created_at, id) WHERE waiting;

CREATE OR REPLACE FUNCTION active_run(thread text) RETURNS text VOLATILE LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT r.id FROM runs r WHERE r.thread_id = thread AND NOT r.waiting
          AND r.status IN ('queued', 'in_progress', 'requires_action', 'cancelling'));
END $$;
