-- Vector stores, the files in them, and the index that they are searched with.

CREATE TABLE vector_stores (
  id                 text COLLATE "C" PRIMARY KEY,
  project_id         text COLLATE "C" NOT NULL,
  created_at         timestamptz NOT NULL,
  name               text,
  description        text,
  metadata           jsonb NOT NULL,
  -- null for a store that does not expire
  expires_after_days integer,
  last_active_at     timestamptz NOT NULL,
  expires_at         timestamptz,
  -- 'deleted' and 'expired' stores lose their files in batches; a deleted one is removed after that
  status             text NOT NULL CHECK (status IN ('active', 'expired', 'deleted')),
  -- the thread that the store was made for and is deleted with; null for a store of its own
  thread_id          text COLLATE "C",
  -- whether an expired store has lost its files
  emptied            boolean NOT NULL DEFAULT false
);
CREATE INDEX vector_stores_by_time ON vector_stores (project_id, created_at, id) WHERE status <> 'deleted';
CREATE INDEX vector_stores_by_expiry ON vector_stores (expires_at) WHERE status = 'active' AND expires_at IS NOT NULL;
CREATE INDEX vector_stores_by_removal ON vector_stores (id) WHERE status <> 'active' AND NOT emptied;
CREATE INDEX vector_stores_by_thread ON vector_stores (thread_id) WHERE thread_id IS NOT NULL;

CREATE TABLE vector_store_batches (
  id         text COLLATE "C" PRIMARY KEY,
  store_id   text COLLATE "C" NOT NULL,
  project_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  cancelled  boolean NOT NULL DEFAULT false
);
CREATE INDEX vector_store_batches_by_store ON vector_store_batches (store_id);

-- The files of stores, which are also the queue of the ingestion: a file in progress is worked on once it is due. Whoever works on
-- it moves due into the future; if that node stops, the row falls due again. Its writes are fenced by claim.
CREATE TABLE vector_store_files (
  store_id       text COLLATE "C" NOT NULL,
  -- of the file
  id             text COLLATE "C" NOT NULL,
  project_id     text COLLATE "C" NOT NULL,
  batch_id       text COLLATE "C",
  created_at     timestamptz NOT NULL,
  status         text NOT NULL CHECK (status IN ('in_progress', 'completed', 'failed', 'cancelled')),
  last_error     jsonb,
  attributes     jsonb NOT NULL DEFAULT '{}',
  max_tokens     integer NOT NULL,
  overlap_tokens integer NOT NULL,
  usage_bytes    bigint NOT NULL DEFAULT 0,
  -- what the chunks follow from: the content, the strategy and the embedding model; files with the same share them
  content        text COLLATE "C" NOT NULL,
  due            timestamptz NOT NULL DEFAULT '-infinity',
  attempts       integer NOT NULL DEFAULT 0,
  claim          integer NOT NULL DEFAULT 0,
  -- whether a node works on it, and due is the end of its lease
  leased         boolean NOT NULL DEFAULT false,
  PRIMARY KEY (store_id, id)
) WITH (fillfactor = 80);
CREATE INDEX vector_store_files_by_time ON vector_store_files (store_id, created_at, id);
CREATE INDEX vector_store_files_by_status ON vector_store_files (store_id, status) INCLUDE (usage_bytes);
CREATE INDEX vector_store_files_by_file ON vector_store_files (id);
CREATE INDEX vector_store_files_by_batch ON vector_store_files (batch_id, created_at, id) WHERE batch_id IS NOT NULL;
CREATE INDEX vector_store_files_by_content ON vector_store_files (content);
CREATE INDEX vector_store_files_by_due ON vector_store_files (project_id, due) WHERE status = 'in_progress';
CREATE INDEX vector_store_files_by_attribute ON vector_store_files USING gin (attributes jsonb_path_ops);

-- The texts of a content, cut into chunks. Written once for all stores of a project.
CREATE TABLE vector_store_contents (
  id         text COLLATE "C" PRIMARY KEY,
  project_id text COLLATE "C" NOT NULL,
  chunks     integer NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE TABLE vector_store_texts (
  content    text COLLATE "C" NOT NULL,
  part       integer NOT NULL,
  text       text NOT NULL,
  -- how many characters at the start repeat the chunk before
  repeated   integer NOT NULL,
  first_page integer,
  last_page  integer,
  heading    text,
  PRIMARY KEY (content, part)
);

-- The index: a row for each chunk of each file in each store.
DO $$
DECLARE
  kind text := CASE WHEN to_regtype('halfvec') IS NULL THEN 'vector' ELSE 'halfvec' END;
BEGIN
  EXECUTE format($ddl$
    CREATE TABLE vector_store_index (
      store_id   text COLLATE "C" NOT NULL,
      -- the file
      source_id  text COLLATE "C" NOT NULL,
      part       integer NOT NULL,
      model      text COLLATE "C" NOT NULL,
      content    text COLLATE "C" NOT NULL,
      begins     integer NOT NULL,
      ends       integer NOT NULL,
      created_at timestamptz NOT NULL,
      said_at    timestamptz,
      traits     integer NOT NULL,
      analyzer   smallint NOT NULL,
      terms      tsvector NOT NULL,
      embedding  %s,
      written    xid8 DEFAULT pg_current_xact_id(),
      PRIMARY KEY (store_id, source_id, part, model)
    )$ddl$, kind);
END $$;
ALTER TABLE vector_store_index SET (toast_tuple_target = 8160);
CREATE INDEX vector_store_index_by_store ON vector_store_index (store_id, written);
CREATE INDEX vector_store_index_by_content ON vector_store_index (content, part);
CREATE INDEX vector_store_index_by_term ON vector_store_index USING gin (terms) WITH (fastupdate = off);

CREATE FUNCTION vector_store_index_record_write() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.written := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER vector_store_index_records_write BEFORE UPDATE ON vector_store_index FOR EACH ROW
  EXECUTE FUNCTION vector_store_index_record_write();

-- Stores that lost entries. Nodes that keep such a store in their heap discard it. Rows go an hour after they were seen.
CREATE TABLE vector_store_tombstones (
  store_id text COLLATE "C" NOT NULL,
  lost     xid8 NOT NULL DEFAULT pg_current_xact_id(),
  seen     timestamptz
);
CREATE INDEX vector_store_tombstones_by_store ON vector_store_tombstones (store_id);

CREATE FUNCTION vector_store_index_record_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO vector_store_tombstones (store_id) SELECT DISTINCT store_id FROM gone;
  RETURN NULL;
END $$;
CREATE TRIGGER vector_store_index_records_deletion AFTER DELETE ON vector_store_index
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION vector_store_index_record_deletion();
