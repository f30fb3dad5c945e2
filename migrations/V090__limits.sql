-- What a project may do: set by an admin. No row: nothing is limited, and nothing is counted. Money is
-- counted in billionths of a dollar.
CREATE TABLE project_limits (
  project_id          text COLLATE "C" PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
  requests_per_minute integer CHECK (requests_per_minute > 0),
  tokens_per_minute   integer CHECK (tokens_per_minute > 0),
  concurrent_threads  integer CHECK (concurrent_threads > 0),
  day_tokens          bigint CHECK (day_tokens >= 0),
  day_cost            bigint CHECK (day_cost >= 0),
  month_tokens        bigint CHECK (month_tokens >= 0),
  month_cost          bigint CHECK (month_cost >= 0),
  total_tokens        bigint CHECK (total_tokens >= 0),
  total_cost          bigint CHECK (total_cost >= 0),
  count_usage         boolean NOT NULL DEFAULT false
);

-- What a project with limits has used, in one row: whoever takes something from it locks all of it, so
-- nothing is given twice. Days and months are those of UTC; a counter of an earlier one counts as 0.
CREATE TABLE project_usage (
  project_id      text COLLATE "C" PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
  day             date NOT NULL,
  day_tokens      bigint NOT NULL DEFAULT 0,
  day_cost        bigint NOT NULL DEFAULT 0,
  month           date NOT NULL,
  month_tokens    bigint NOT NULL DEFAULT 0,
  month_cost      bigint NOT NULL DEFAULT 0,
  total_tokens    bigint NOT NULL DEFAULT 0,
  total_cost      bigint NOT NULL DEFAULT 0,
  -- the sum of the project's rows in budget_reservations
  reserved_tokens bigint NOT NULL DEFAULT 0,
  reserved_cost   bigint NOT NULL DEFAULT 0,
  -- what is left in the buckets of requests and tokens a minute, and since when; null is a full one
  requests_left   double precision,
  requests_at     timestamptz NOT NULL,
  tokens_left     double precision,
  tokens_at       timestamptz NOT NULL
) WITH (fillfactor = 50);

-- The most that calls of models under way may cost. What outlasts expires_at was left behind by a node
-- that died, and counts as used.
CREATE TABLE budget_reservations (
  project_id  text COLLATE "C" NOT NULL,
  id          text COLLATE "C" NOT NULL,
  -- null if the call is not a run's
  run_id      text COLLATE "C",
  tokens      bigint NOT NULL,
  cost        bigint NOT NULL,
  -- what was taken from the bucket of tokens
  rate_tokens bigint NOT NULL,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (project_id, id)
) WITH (fillfactor = 50);

-- What is left in a bucket now: it fills up evenly, within a minute. Null without a limit.
CREATE FUNCTION bucket_left(
  before double precision, since timestamptz, per_minute integer, at timestamptz
) RETURNS double precision LANGUAGE sql IMMUTABLE AS $$
  SELECT LEAST(per_minute, COALESCE(before, per_minute)
    + GREATEST(0, extract(epoch FROM at - since)::double precision) * per_minute / 60)
$$;
