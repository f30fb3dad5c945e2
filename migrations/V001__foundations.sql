-- Ids are compared byte by byte ("C"), so that their order is the order of time.
-- All that belongs to a thread is keyed by thread_id first and carries project_id: the tables can be
-- hash-partitioned, or spread over several servers, by thread.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE projects (
  id             text COLLATE "C" PRIMARY KEY,
  name           text NOT NULL,
  description    text,
  assistant_type text,
  region         text,
  status         text NOT NULL CHECK (status IN ('active', 'archived')),
  metadata       jsonb NOT NULL,
  created_at     timestamptz NOT NULL
);
CREATE INDEX projects_by_time ON projects (created_at, id);

-- A key without a project is an admin key. Of the secret only its SHA-256 is kept.
CREATE TABLE api_keys (
  id          text COLLATE "C" PRIMARY KEY,
  project_id  text COLLATE "C" REFERENCES projects ON DELETE CASCADE,
  name        text,
  secret_hash bytea NOT NULL UNIQUE,
  hint        text NOT NULL,
  created_at  timestamptz NOT NULL
);
CREATE INDEX api_keys_by_project ON api_keys (project_id, created_at, id);

CREATE TABLE assistants (
  id               text COLLATE "C" PRIMARY KEY,
  project_id       text COLLATE "C" NOT NULL REFERENCES projects,
  created_at       timestamptz NOT NULL,
  name             text,
  description      text,
  model            text NOT NULL,
  instructions     text,
  tools            jsonb NOT NULL,
  tool_resources   jsonb,
  metadata         jsonb NOT NULL,
  temperature      double precision,
  top_p            double precision,
  response_format  jsonb,
  reasoning_effort text,
  memory           jsonb,
  safety           jsonb,
  privacy          jsonb
);
CREATE INDEX assistants_by_project ON assistants (project_id, created_at, id);

CREATE TABLE threads (
  id             text COLLATE "C" PRIMARY KEY,
  project_id     text COLLATE "C" NOT NULL,
  created_at     timestamptz NOT NULL,
  assistant_id   text COLLATE "C",
  status         text NOT NULL CHECK (status IN ('active', 'archived')),
  tool_resources jsonb,
  metadata       jsonb NOT NULL,
  -- created_at of the thread's newest message. Whoever adds a message moves it on first, which locks
  -- the row: so messages get strictly rising times in the order of their commits, on any node.
  tail           timestamptz NOT NULL
) WITH (fillfactor = 85);
CREATE INDEX threads_by_project ON threads (project_id, created_at, id);
CREATE INDEX threads_by_assistant ON threads (project_id, assistant_id, created_at, id)
  WHERE assistant_id IS NOT NULL;
CREATE INDEX threads_by_metadata ON threads USING gin (metadata jsonb_path_ops);

CREATE TABLE messages (
  thread_id         text COLLATE "C" NOT NULL,
  id                text COLLATE "C" NOT NULL,
  project_id        text COLLATE "C" NOT NULL,
  created_at        timestamptz NOT NULL,
  status            text NOT NULL CHECK (status IN ('in_progress', 'incomplete', 'completed')),
  incomplete_reason text,
  completed_at      timestamptz,
  incomplete_at     timestamptz,
  role              text NOT NULL CHECK (role IN ('user', 'assistant')),
  content           jsonb NOT NULL,
  attachments       jsonb,
  metadata          jsonb NOT NULL,
  assistant_id      text COLLATE "C",
  run_id            text COLLATE "C",
  -- what the content costs in a prompt, counted once when it is written
  tokens            integer NOT NULL,
  PRIMARY KEY (thread_id, id)
);
CREATE UNIQUE INDEX messages_by_time ON messages (thread_id, created_at, id);

CREATE TABLE runs (
  thread_id             text COLLATE "C" NOT NULL,
  id                    text COLLATE "C" NOT NULL,
  project_id            text COLLATE "C" NOT NULL,
  assistant_id          text COLLATE "C" NOT NULL,
  created_at            timestamptz NOT NULL,
  status                text NOT NULL CHECK (status IN
    ('queued', 'in_progress', 'requires_action', 'cancelling',
     'completed', 'failed', 'cancelled', 'expired', 'incomplete')),
  expires_at            timestamptz NOT NULL,
  started_at            timestamptz,
  cancelled_at          timestamptz,
  failed_at             timestamptz,
  completed_at          timestamptz,
  last_error            jsonb,
  incomplete_reason     text,
  model                 text NOT NULL,
  instructions          text NOT NULL,
  tools                 jsonb NOT NULL,
  metadata              jsonb NOT NULL,
  temperature           double precision,
  top_p                 double precision,
  max_prompt_tokens     integer,
  max_completion_tokens integer,
  truncation_strategy   jsonb NOT NULL,
  tool_choice           jsonb NOT NULL,
  parallel_tool_calls   boolean NOT NULL,
  response_format       jsonb NOT NULL,
  reasoning_effort      text,
  prompt_tokens         integer NOT NULL DEFAULT 0,
  completion_tokens     integer NOT NULL DEFAULT 0,
  -- Who executes the run; null while nobody does. A claim raises the attempt, and every later write
  -- of the claimer says "AND attempt = ?": a node that lost the run writes nothing more.
  owner                 text COLLATE "C",
  attempt               integer NOT NULL DEFAULT 0,
  -- The events of the run up to its last finished step, in the short form of class Tape.
  tape                  text NOT NULL DEFAULT '',
  PRIMARY KEY (thread_id, id)
) WITH (fillfactor = 85);
CREATE UNIQUE INDEX runs_one_active_a_thread ON runs (thread_id)
  WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling');
-- The run that locks a thread. VOLATILE, so that it looks when it is called, not when the statement
-- began: in UPDATE threads … RETURNING active_run(id) it sees what was committed while the statement
-- waited for the thread's row.
CREATE FUNCTION active_run(thread text) RETURNS text VOLATILE LANGUAGE plpgsql AS $$
BEGIN
  RETURN (SELECT r.id FROM runs r WHERE r.thread_id = thread
          AND r.status IN ('queued', 'in_progress', 'requires_action', 'cancelling'));
END $$;
CREATE INDEX runs_by_time ON runs (thread_id, created_at, id);
CREATE INDEX runs_unclaimed ON runs (project_id, created_at, id)
  WHERE status = 'queued' AND owner IS NULL;
CREATE INDEX runs_by_owner ON runs (owner) WHERE owner IS NOT NULL;
CREATE INDEX runs_by_expiry ON runs (expires_at)
  WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling');

CREATE TABLE run_steps (
  thread_id         text COLLATE "C" NOT NULL,
  id                text COLLATE "C" NOT NULL,
  project_id        text COLLATE "C" NOT NULL,
  run_id            text COLLATE "C" NOT NULL,
  assistant_id      text COLLATE "C" NOT NULL,
  -- place within the run, from 1
  ordinal           integer NOT NULL,
  created_at        timestamptz NOT NULL,
  type              text NOT NULL CHECK (type IN ('message_creation', 'tool_calls')),
  status            text NOT NULL CHECK (status IN
    ('in_progress', 'cancelled', 'failed', 'completed', 'expired')),
  ended_at          timestamptz,
  last_error        jsonb,
  message_id        text COLLATE "C",
  prompt_tokens     integer,
  completion_tokens integer,
  PRIMARY KEY (thread_id, id),
  UNIQUE (thread_id, run_id, ordinal)
);

-- What the model asked for and what came of it. A call without an output is open.
CREATE TABLE tool_calls (
  thread_id  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  project_id text COLLATE "C" NOT NULL,
  run_id     text COLLATE "C" NOT NULL,
  step_id    text COLLATE "C" NOT NULL,
  -- place within the step, from 0
  ordinal    integer NOT NULL,
  type       text NOT NULL,
  name       text NOT NULL,
  arguments  text NOT NULL,
  output     text,
  PRIMARY KEY (thread_id, id),
  UNIQUE (thread_id, step_id, ordinal)
);
CREATE INDEX tool_calls_open ON tool_calls (thread_id, run_id) WHERE output IS NULL;

-- A thread cannot be poisoned: no run ends while one of its tool calls has no result.
CREATE FUNCTION refuse_open_tool_calls() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM tool_calls c
             WHERE c.thread_id = NEW.thread_id AND c.run_id = NEW.id AND c.output IS NULL) THEN
    RAISE EXCEPTION 'run % would end with an open tool call', NEW.id;
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER runs_end_without_open_tool_calls
  AFTER UPDATE OF status ON runs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
  WHEN (NEW.status IN ('completed', 'failed', 'cancelled', 'expired', 'incomplete'))
  EXECUTE FUNCTION refuse_open_tool_calls();

-- What a run has streamed since its last finished step. Rows are deleted when the step is stored.
CREATE TABLE run_journal (
  thread_id text COLLATE "C" NOT NULL,
  run_id    text COLLATE "C" NOT NULL,
  -- the place on the tape where this piece begins
  position  bigint NOT NULL,
  attempt   integer NOT NULL,
  events    text NOT NULL,
  PRIMARY KEY (thread_id, run_id, position)
);

-- A node lives as long as it renews its lease; runs whose owner has none are taken over.
CREATE TABLE nodes (
  id          text COLLATE "C" PRIMARY KEY,
  started_at  timestamptz NOT NULL,
  lease_until timestamptz NOT NULL
) WITH (fillfactor = 50);
