-- What a run does before its first model call; null for nothing. Versions before this one insert runs without it, and
-- leave it undone in runs that they execute.
ALTER TABLE runs ADD COLUMN opening jsonb;
