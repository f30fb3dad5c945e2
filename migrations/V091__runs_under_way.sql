-- Runs under way, by project: so many may be at once. It also finds those whose owner has died.
CREATE INDEX runs_in_progress ON runs (project_id) WHERE status IN ('in_progress', 'cancelling');
DROP INDEX runs_by_owner;
