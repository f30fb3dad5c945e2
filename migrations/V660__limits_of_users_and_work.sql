-- Budgets of tool calls and of the time in which nodes execute runs, beside those of tokens and money. They have counters of their
-- own, which nodes of earlier versions leave alone. Whoever needs several rows locks them in the order of (scope, scope_id).
ALTER TABLE usage_limits
  ADD COLUMN day_tool_calls bigint,
  ADD COLUMN month_tool_calls bigint,
  ADD COLUMN total_tool_calls bigint,
  ADD COLUMN day_seconds bigint,
  ADD COLUMN month_seconds bigint,
  ADD COLUMN total_seconds bigint;

CREATE TABLE work_counters (
  project_id       text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
  scope            text COLLATE "C" NOT NULL,
  scope_id         text COLLATE "C" NOT NULL,
  day              date NOT NULL,
  day_tool_calls   bigint NOT NULL DEFAULT 0,
  day_millis       bigint NOT NULL DEFAULT 0,
  month            date NOT NULL,
  month_tool_calls bigint NOT NULL DEFAULT 0,
  month_millis     bigint NOT NULL DEFAULT 0,
  total_tool_calls bigint NOT NULL DEFAULT 0,
  total_millis     bigint NOT NULL DEFAULT 0,
  -- the sum of the scope's rows in work_reservations
  reserved_millis  bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (project_id, scope, scope_id)
) WITH (fillfactor = 50);

-- The longest time of executions in progress. What outlasts expires_at was left behind by a node that died, and counts as used.
CREATE TABLE work_reservations (
  project_id text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  scope      text COLLATE "C" NOT NULL,
  scope_id   text COLLATE "C" NOT NULL,
  millis     bigint NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (project_id, id, scope, scope_id)
);

CREATE OR REPLACE FUNCTION usage_drop_scope() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM usage_reservations WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM work_reservations WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM usage_counters WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM work_counters WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM usage_limits WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  DELETE FROM budget_alerts WHERE project_id = OLD.project_id AND scope = TG_ARGV[0] AND scope_id = OLD.id;
  RETURN NULL;
END $$;

-- Tokens and money that were paid for in advance: what a budget does not cover is taken from them, those that end first before the
-- others. An array in the row of the counters, so that the lock of the row covers them:
-- [{"id", "tokens", "cost", "tokens_left", "cost_left", "created_at", "expires_at"}], times in seconds.
ALTER TABLE usage_counters ADD COLUMN bursts jsonb;

-- What is left of one amount of the bursts that have not ended.
CREATE FUNCTION burst_left(bursts jsonb, amount text, at timestamptz) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT COALESCE(sum((b ->> (amount || '_left'))::bigint), 0)::bigint
  FROM jsonb_array_elements(COALESCE(bursts, '[]')) AS b
  WHERE (b ->> 'expires_at')::bigint > extract(epoch FROM at)
$$;

-- The bursts after so much was taken from them.
CREATE FUNCTION burst_take(bursts jsonb, tokens bigint, cost bigint, at timestamptz) RETURNS jsonb LANGUAGE sql STABLE AS $$
  SELECT jsonb_agg(
    b || jsonb_build_object(
      'tokens_left', tokens_left - GREATEST(0, LEAST(tokens_left, burst_take.tokens - tokens_before)),
      'cost_left', cost_left - GREATEST(0, LEAST(cost_left, burst_take.cost - cost_before)))
    ORDER BY ends, n)
  FROM (
    SELECT b, n, ends, tokens_left, cost_left,
      sum(tokens_left) OVER w - tokens_left AS tokens_before, sum(cost_left) OVER w - cost_left AS cost_before
    FROM (
      SELECT b, n, (b ->> 'expires_at')::bigint AS ends,
        CASE WHEN is_open THEN COALESCE((b ->> 'tokens_left')::bigint, 0) ELSE 0 END AS tokens_left,
        CASE WHEN is_open THEN COALESCE((b ->> 'cost_left')::bigint, 0) ELSE 0 END AS cost_left
      FROM (
        SELECT b, n, (b ->> 'expires_at')::bigint > extract(epoch FROM at) AS is_open
        FROM jsonb_array_elements(bursts) WITH ORDINALITY AS each (b, n)) AS each) AS each
    WINDOW w AS (ORDER BY ends, n)) AS each
$$;
