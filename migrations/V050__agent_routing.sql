-- A run that another run has routed a message to: which call of which run wants its answer, the run
-- at the root of the tree, and the assistants from there down to the caller.
ALTER TABLE runs
  ADD COLUMN parent_thread_id text COLLATE "C",
  ADD COLUMN parent_run_id    text COLLATE "C",
  ADD COLUMN parent_call_id   text COLLATE "C",
  ADD COLUMN root_run_id      text COLLATE "C",
  ADD COLUMN callers          jsonb,
  ADD COLUMN handoff          boolean NOT NULL DEFAULT false,
  -- A run in progress that nobody executes: it waits for the runs that it has routed to, or, when
  -- the last of them has ended, is ready to be claimed.
  ADD COLUMN routing          text CHECK (routing IN ('waiting', 'ready'));
CREATE INDEX runs_by_parent ON runs (parent_run_id) WHERE parent_run_id IS NOT NULL;
CREATE INDEX runs_by_root ON runs (root_run_id) WHERE root_run_id IS NOT NULL;
CREATE INDEX runs_by_caller ON runs (parent_thread_id, assistant_id, created_at)
  WHERE parent_thread_id IS NOT NULL;
CREATE INDEX runs_active_children ON runs (parent_run_id)
  WHERE parent_run_id IS NOT NULL
    AND status IN ('queued', 'in_progress', 'requires_action', 'cancelling');
CREATE INDEX runs_ready ON runs (created_at, id) WHERE routing = 'ready';

-- To whom a call was routed, and where that one works on it.
ALTER TABLE tool_calls ADD COLUMN routing jsonb;
ALTER TABLE tool_calls DROP CONSTRAINT tool_calls_executor_check;
ALTER TABLE tool_calls ADD CONSTRAINT tool_calls_executor_check
  CHECK (executor IN ('client', 'server', 'nobody', 'approval', 'approved', 'begun', 'agent'));
