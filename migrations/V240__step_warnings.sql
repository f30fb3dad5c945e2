-- What a run could not do although its assistant asks for it, such as tools that are left out.
-- A JSON array of sentences; null for none.
ALTER TABLE run_steps ADD COLUMN warnings jsonb;
