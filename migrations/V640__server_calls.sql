-- How many tool calls the server may make in a run; null for any number. Versions before this one insert runs without it, and do not
-- limit the calls of runs that they take over.
ALTER TABLE runs ADD COLUMN max_server_calls integer;
