-- What model calls have used. The outbox delivers each call once or more; the row of its event makes it count once. A bucket has
-- the sums of a minute, and of an hour once it is some days old. An empty text stands for what does not apply.
CREATE TABLE usage_calls (
  id               text COLLATE "C" PRIMARY KEY,
  project_id       text COLLATE "C" NOT NULL,
  ended_at         timestamptz NOT NULL,
  operation        text COLLATE "C" NOT NULL,
  model            text COLLATE "C" NOT NULL,
  api_key_id       text COLLATE "C" NOT NULL,
  user_id          text COLLATE "C" NOT NULL,
  assistant_id     text COLLATE "C" NOT NULL,
  thread_id        text COLLATE "C" NOT NULL,
  run_id           text COLLATE "C" NOT NULL,
  input_tokens     bigint NOT NULL,
  cached_tokens    bigint NOT NULL,
  output_tokens    bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cost_nanos       bigint,
  lost_tokens      bigint NOT NULL,
  lost_nanos       bigint NOT NULL
);
CREATE INDEX usage_calls_by_project ON usage_calls (project_id, ended_at);
CREATE INDEX usage_calls_by_time ON usage_calls (ended_at);
CREATE INDEX usage_calls_by_thread ON usage_calls (project_id, thread_id, ended_at) WHERE thread_id <> '';

-- Unpriced calls have used tokens whose price is not known. Lost tokens were reserved for calls of nodes that have died.
CREATE TABLE usage_buckets (
  project_id       text COLLATE "C" NOT NULL,
  starts_at        timestamptz NOT NULL,
  operation        text COLLATE "C" NOT NULL,
  model            text COLLATE "C" NOT NULL,
  api_key_id       text COLLATE "C" NOT NULL,
  user_id          text COLLATE "C" NOT NULL,
  assistant_id     text COLLATE "C" NOT NULL,
  calls            bigint NOT NULL,
  input_tokens     bigint NOT NULL,
  cached_tokens    bigint NOT NULL,
  output_tokens    bigint NOT NULL,
  reasoning_tokens bigint NOT NULL,
  cost_nanos       bigint NOT NULL,
  unpriced_calls   bigint NOT NULL,
  lost_tokens      bigint NOT NULL,
  lost_nanos       bigint NOT NULL,
  PRIMARY KEY (project_id, starts_at, operation, model, api_key_id, user_id, assistant_id)
);
CREATE INDEX usage_buckets_by_time ON usage_buckets (starts_at);
