-- What a run was started with, the memory settings included, and what each step's model call was
-- sent, by reference: see record SentContext.
ALTER TABLE runs ADD COLUMN memory jsonb;
ALTER TABLE run_steps ADD COLUMN context jsonb;

-- Every version of a thread's summary. The newest is the one in use.
CREATE TABLE memory_summaries (
  thread_id  text COLLATE "C" NOT NULL,
  version    integer NOT NULL,
  project_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  text       text NOT NULL,
  method     text NOT NULL CHECK (method IN ('rolling', 'reflection')),
  -- who wrote it: a model, the server by extracting sentences, or somebody over the API
  origin     text NOT NULL CHECK (origin IN ('model', 'extract', 'edit', 'restore')),
  -- the model that wrote it, or the version that was restored
  written_by text,
  -- the time of the newest message that it covers
  covers_to  timestamptz NOT NULL,
  PRIMARY KEY (thread_id, version)
);

-- What reflection has learned. A fact that was corrected stays, and says by which it was.
CREATE TABLE memory_facts (
  thread_id     text COLLATE "C" NOT NULL,
  id            text COLLATE "C" NOT NULL,
  project_id    text COLLATE "C" NOT NULL,
  assistant_id  text COLLATE "C",
  user_id       text,
  kind          text NOT NULL CHECK (kind IN ('fact', 'preference', 'question')),
  text          text NOT NULL,
  -- the messages that it comes from
  message_ids   text[] NOT NULL,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  superseded_by text COLLATE "C",
  PRIMARY KEY (thread_id, id)
);
CREATE INDEX memory_facts_by_user ON memory_facts (project_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX memory_facts_by_message ON memory_facts USING gin (message_ids);

-- Threads that wait to be summed up. Noted by the transaction that ends a run.
CREATE TABLE memory_summary_queue (
  thread_id    text COLLATE "C" PRIMARY KEY,
  project_id   text COLLATE "C" NOT NULL,
  assistant_id text COLLATE "C",
  method       text NOT NULL CHECK (method IN ('rolling', 'reflection')),
  model        text NOT NULL,
  -- messages before this time have left the window; null if none has
  window_from  timestamptz,
  -- make it anew from the messages, because one that it told of was deleted
  anew         boolean NOT NULL DEFAULT false,
  due          timestamptz NOT NULL,
  -- counts how often the work was noted, so that what comes meanwhile is not lost
  noted        bigint NOT NULL DEFAULT 1,
  attempts     integer NOT NULL DEFAULT 0
);
CREATE INDEX memory_summary_queue_by_due ON memory_summary_queue (due);

-- A deleted message leaves no trace in summaries to come, nor in facts.
CREATE OR REPLACE FUNCTION memory_drop_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM memory_index i USING gone g WHERE i.thread_id = g.thread_id AND i.source_id = g.id;
  DELETE FROM memory_queue q USING gone g WHERE q.thread_id = g.thread_id AND q.message_id = g.id;
  DELETE FROM memory_forgotten f USING gone g
  WHERE f.thread_id = g.thread_id AND f.message_id = g.id;
  WITH told AS (
    DELETE FROM memory_facts f USING gone g
    WHERE f.thread_id = g.thread_id AND f.message_ids @> ARRAY[g.id::text]
    RETURNING f.thread_id, f.id)
  DELETE FROM memory_index i USING told t WHERE i.thread_id = t.thread_id AND i.source_id = t.id;
  INSERT INTO memory_summary_queue (thread_id, project_id, method, model, anew, due)
  SELECT DISTINCT ON (s.thread_id) s.thread_id, s.project_id, s.method,
    coalesce((SELECT r.model FROM runs r WHERE r.thread_id = s.thread_id
              ORDER BY r.created_at DESC LIMIT 1), 'rehearsal'), true, '-infinity'::timestamptz
  FROM memory_summaries s JOIN gone g ON g.thread_id = s.thread_id AND g.created_at <= s.covers_to
  JOIN threads t ON t.id = s.thread_id
  ORDER BY s.thread_id, s.version DESC
  ON CONFLICT (thread_id) DO UPDATE SET anew = true, noted = memory_summary_queue.noted + 1;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION memory_drop_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM memory_index WHERE thread_id = OLD.id;
  DELETE FROM memory_queue WHERE thread_id = OLD.id;
  DELETE FROM memory_forgotten WHERE thread_id = OLD.id;
  DELETE FROM memory_facts WHERE thread_id = OLD.id;
  DELETE FROM memory_summaries WHERE thread_id = OLD.id;
  DELETE FROM memory_summary_queue WHERE thread_id = OLD.id;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION memory_move_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE memory_index
  SET user_id = NEW.metadata ->> 'user', assistant_id = coalesce(NEW.assistant_id, assistant_id)
  WHERE thread_id = NEW.id;
  UPDATE memory_facts
  SET user_id = NEW.metadata ->> 'user', assistant_id = coalesce(NEW.assistant_id, assistant_id)
  WHERE thread_id = NEW.id;
  RETURN NULL;
END $$;
