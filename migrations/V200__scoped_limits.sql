-- Limits, usage and reservations have a scope: a project (scope_id is empty), or one of its API keys. Other scopes need no new
-- column. Whoever needs several rows locks them in the order of (scope, scope_id).
--
-- Nodes of earlier versions read and write the project's scope through the views at the end, while an upgrade is under way.
ALTER TABLE project_limits RENAME TO usage_limits;
ALTER TABLE usage_limits
  ADD COLUMN scope text COLLATE "C" NOT NULL DEFAULT 'project',
  ADD COLUMN scope_id text COLLATE "C" NOT NULL DEFAULT '',
  DROP CONSTRAINT project_limits_pkey,
  ADD PRIMARY KEY (project_id, scope, scope_id);

ALTER TABLE project_usage RENAME TO usage_counters;
ALTER TABLE usage_counters
  ADD COLUMN scope text COLLATE "C" NOT NULL DEFAULT 'project',
  ADD COLUMN scope_id text COLLATE "C" NOT NULL DEFAULT '',
  DROP CONSTRAINT project_usage_pkey,
  ADD PRIMARY KEY (project_id, scope, scope_id);

-- A call has one row for each scope that it counts against.
ALTER TABLE budget_reservations RENAME TO usage_reservations;
ALTER TABLE usage_reservations
  ADD COLUMN scope text COLLATE "C" NOT NULL DEFAULT 'project',
  ADD COLUMN scope_id text COLLATE "C" NOT NULL DEFAULT '',
  DROP CONSTRAINT budget_reservations_pkey,
  ADD PRIMARY KEY (project_id, id, scope, scope_id);

CREATE VIEW project_limits AS
  SELECT project_id, requests_per_minute, tokens_per_minute, concurrent_threads, day_tokens, day_cost,
    month_tokens, month_cost, total_tokens, total_cost, count_usage
  FROM usage_limits WHERE scope = 'project';

CREATE VIEW project_usage AS
  SELECT project_id, day, day_tokens, day_cost, month, month_tokens, month_cost, total_tokens, total_cost,
    reserved_tokens, reserved_cost, requests_left, requests_at, tokens_left, tokens_at
  FROM usage_counters WHERE scope = 'project';

CREATE VIEW budget_reservations AS
  SELECT project_id, id, run_id, tokens, cost, rate_tokens, expires_at
  FROM usage_reservations WHERE scope = 'project';

-- An API key takes its limits along.
CREATE FUNCTION usage_drop_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM usage_reservations WHERE project_id = OLD.project_id AND scope = 'key' AND scope_id = OLD.id;
  DELETE FROM usage_counters WHERE project_id = OLD.project_id AND scope = 'key' AND scope_id = OLD.id;
  DELETE FROM usage_limits WHERE project_id = OLD.project_id AND scope = 'key' AND scope_id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER usage_drops_key AFTER DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION usage_drop_key();
