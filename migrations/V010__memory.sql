-- Long-term memory. Messages are the truth and hold their text once; what is here points to them by
-- offsets, and could be made anew from them at any time, except for facts, which have tables of
-- their own (V011).

-- The text of a message's content, as it is embedded and searched: its text parts, a line each.
CREATE FUNCTION message_text(content jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE jsonb_typeof(content)
    WHEN 'string' THEN content #>> '{}'
    WHEN 'array' THEN (
      SELECT string_agg(
          CASE jsonb_typeof(part -> 'text')
            WHEN 'string' THEN part ->> 'text'
            ELSE part #>> '{text,value}' END,
          E'\n' ORDER BY place)
      FROM jsonb_array_elements(content) WITH ORDINALITY AS parts (part, place)
      WHERE part ->> 'type' = 'text')
    END
$$;

-- Messages that wait to be indexed: one row a message, written by the transaction that writes the
-- message, taken away by the one that writes the index. Who works on a row moves due into the
-- future; if that node dies the row falls due again.
CREATE TABLE memory_queue (
  thread_id  text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  project_id text COLLATE "C" NOT NULL,
  due        timestamptz NOT NULL DEFAULT '-infinity',
  attempts   integer NOT NULL DEFAULT 0,
  -- put off because the model failed, not because somebody works on it
  failed     boolean NOT NULL DEFAULT false,
  PRIMARY KEY (thread_id, message_id)
) WITH (fillfactor = 70);
CREATE INDEX memory_queue_by_due ON memory_queue (due);

-- The index: one row for each piece of a text and each embedding model. The type of the column
-- embedding is halfvec where pgvector is at hand (half the space, the same ranks), else vector. It has
-- no fixed length, since models differ; each model has its own partial HNSW index.
DO $$
DECLARE
  kind text := CASE WHEN to_regtype('halfvec') IS NULL THEN 'vector' ELSE 'halfvec' END;
BEGIN
  EXECUTE format($ddl$
    CREATE TABLE memory_index (
      thread_id    text COLLATE "C" NOT NULL,
      -- the message, or the fact, that the text is of
      source_id    text COLLATE "C" NOT NULL,
      -- place of the piece within the source, from 0, and where it begins and ends, in characters
      part         integer NOT NULL,
      model        text COLLATE "C" NOT NULL,
      project_id   text COLLATE "C" NOT NULL,
      assistant_id text COLLATE "C",
      user_id      text,
      source_type  text NOT NULL CHECK (source_type IN ('message', 'fact')),
      begins       integer NOT NULL,
      ends         integer NOT NULL,
      -- when it was said
      created_at   timestamptz NOT NULL,
      -- what the ranking wants to know of the text, see class Traits
      traits       integer NOT NULL,
      -- stems and, for scripts without spaces, pairs of characters; see class Words
      terms        tsvector NOT NULL,
      -- null where the model cannot embed it
      embedding    %s,
      PRIMARY KEY (thread_id, source_id, part, model)
    )$ddl$, kind);
  IF EXISTS (SELECT 1 FROM pg_am WHERE amname = 'hnsw') THEN
    EXECUTE format($ddl$
      CREATE INDEX memory_index_all_minilm_l6_v2 ON memory_index
      USING hnsw ((embedding::%s(384)) %s_cosine_ops) WHERE model = 'all-minilm-l6-v2'$ddl$, kind, kind);
  END IF;
END $$;
-- A row with its vector stays in the page: reading a thread must not fetch each vector from elsewhere.
ALTER TABLE memory_index SET (toast_tuple_target = 8160);
CREATE INDEX memory_index_by_user ON memory_index (project_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX memory_index_by_assistant ON memory_index (project_id, assistant_id)
  WHERE assistant_id IS NOT NULL;
CREATE INDEX memory_index_by_term ON memory_index USING gin (terms) WITH (fastupdate = on);

-- Messages that somebody has made the memory forget, though the thread keeps them.
CREATE TABLE memory_forgotten (
  thread_id  text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  project_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (thread_id, message_id)
);

-- Whoever writes a whole message notes the work in the same transaction and the same statement.
CREATE FUNCTION memory_note_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO memory_queue (thread_id, message_id, project_id)
  SELECT thread_id, id, project_id FROM added WHERE status <> 'in_progress'
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_notes_messages AFTER INSERT ON messages
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION memory_note_messages();

CREATE FUNCTION memory_note_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO memory_queue (thread_id, message_id, project_id)
  VALUES (NEW.thread_id, NEW.id, NEW.project_id) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_notes_message AFTER UPDATE OF content, status ON messages FOR EACH ROW
  WHEN (NEW.status <> 'in_progress'
    AND (OLD.content IS DISTINCT FROM NEW.content OR OLD.status = 'in_progress'))
  EXECUTE FUNCTION memory_note_message();

-- A deleted message leaves no trace.
CREATE FUNCTION memory_drop_messages() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM memory_index i USING gone g WHERE i.thread_id = g.thread_id AND i.source_id = g.id;
  DELETE FROM memory_queue q USING gone g WHERE q.thread_id = g.thread_id AND q.message_id = g.id;
  DELETE FROM memory_forgotten f USING gone g
  WHERE f.thread_id = g.thread_id AND f.message_id = g.id;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_drops_messages AFTER DELETE ON messages
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION memory_drop_messages();

CREATE FUNCTION memory_drop_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM memory_index WHERE thread_id = OLD.id;
  DELETE FROM memory_queue WHERE thread_id = OLD.id;
  DELETE FROM memory_forgotten WHERE thread_id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_drops_thread AFTER DELETE ON threads FOR EACH ROW
  EXECUTE FUNCTION memory_drop_thread();

-- A thread that is given to another user or assistant takes its memory along.
CREATE FUNCTION memory_move_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE memory_index
  SET user_id = NEW.metadata ->> 'user', assistant_id = coalesce(NEW.assistant_id, assistant_id)
  WHERE thread_id = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_moves_thread AFTER UPDATE OF metadata, assistant_id ON threads FOR EACH ROW
  WHEN (OLD.metadata ->> 'user' IS DISTINCT FROM NEW.metadata ->> 'user'
    OR OLD.assistant_id IS DISTINCT FROM NEW.assistant_id)
  EXECUTE FUNCTION memory_move_thread();
