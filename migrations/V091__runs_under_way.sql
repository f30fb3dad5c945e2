-- The runs that are being executed, by project: so many may be at once.
CREATE INDEX runs_under_way ON runs (project_id, owner) WHERE owner IS NOT NULL;
DROP INDEX runs_by_owner;
