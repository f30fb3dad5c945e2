-- The containers of the code interpreter: each is the session and the files of one thread. A thread that code has run for has one;
-- one that a client creates has a thread of its own, which no list shows.
CREATE TABLE containers (
  id             text COLLATE "C" PRIMARY KEY,
  project_id     text COLLATE "C" NOT NULL,
  thread_id      text COLLATE "C" NOT NULL UNIQUE,
  name           text NOT NULL,
  memory_limit   text,
  created_at     timestamptz NOT NULL,
  last_active_at timestamptz NOT NULL,
  -- minutes after the last use until a client's container expires; null for one that lives as long as its thread
  expires_after  integer,
  -- when it expires; null for never
  expires_at     timestamptz,
  -- whether its files were deleted after it had expired
  cleared        boolean NOT NULL DEFAULT false
);
CREATE INDEX containers_by_project ON containers (project_id, created_at, id);
CREATE INDEX containers_expiring ON containers (expires_at) WHERE expires_at IS NOT NULL;

INSERT INTO containers (id, project_id, thread_id, name, created_at, last_active_at)
SELECT 'cntr_' || substr(thread_id, 8), project_id, thread_id, 'auto', now(), now() FROM code_sessions;
