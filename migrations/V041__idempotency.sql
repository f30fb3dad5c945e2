-- Requests that came with an Idempotency-Key, for 24 hours.
CREATE TABLE idempotency_keys (
  -- digest of the project and the key: what is sealed with the key cannot be read from here
  id           text COLLATE "C" PRIMARY KEY,
  project_id   text COLLATE "C" NOT NULL,
  -- digest of path and body
  fingerprint  text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL,
  -- the request that works on it; it renews this while it does
  holder       text COLLATE "C" NOT NULL,
  held_until   timestamptz NOT NULL,
  -- what the request has made, set in the transaction in which it takes effect; null before that
  made         jsonb,
  -- the answer, null while there is none
  status       integer,
  content_type text,
  answer       bytea,
  -- where the stream of events is that it was answered with
  stream       text
) WITH (fillfactor = 70);
CREATE INDEX idempotency_keys_by_time ON idempotency_keys (created_at);
