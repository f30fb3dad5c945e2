-- The shares of budgets at which an event says so, and the shares that one was recorded for in a period.
ALTER TABLE usage_limits ADD COLUMN alerts jsonb;
CREATE TABLE budget_alerts (
  project_id text COLLATE "C" NOT NULL,
  scope      text COLLATE "C" NOT NULL,
  scope_id   text COLLATE "C" NOT NULL,
  period     text NOT NULL,
  starts_on  date NOT NULL,
  unit       text NOT NULL,
  share      numeric NOT NULL,
  PRIMARY KEY (project_id, scope, scope_id, period, starts_on, unit, share)
);

-- An assistant, a thread and a run take their limits along.
CREATE FUNCTION usage_drop_scope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM usage_reservations WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM usage_counters WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM usage_limits WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM budget_alerts WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER usage_drops_assistant AFTER DELETE ON assistants FOR EACH ROW EXECUTE FUNCTION usage_drop_scope('assistant');
CREATE TRIGGER usage_drops_thread AFTER DELETE ON threads FOR EACH ROW EXECUTE FUNCTION usage_drop_scope('thread');
CREATE TRIGGER usage_drops_run AFTER DELETE ON runs FOR EACH ROW WHEN (OLD.turns -> 'budget' IS NOT NULL)
  EXECUTE FUNCTION usage_drop_scope('run');
CREATE TRIGGER usage_drops_alerts_of_key AFTER DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION usage_drop_scope('key');
