-- Imports of projects: what is read from another server or from files. The claim is the fence: a node that has lost an import
-- writes nothing more of it.
CREATE TABLE imports (
  id           text COLLATE "C" PRIMARY KEY,
  project_id   text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL,
  status       text NOT NULL CHECK (status IN ('queued', 'in_progress', 'completed', 'failed', 'cancelled')),
  stage        text NOT NULL,
  request      jsonb NOT NULL,
  -- the key of the server that is read, encrypted; removed when the import ends
  secret       text,
  -- how far the source is read
  position     jsonb NOT NULL DEFAULT '{}',
  error        text,
  completed_at timestamptz,
  due          timestamptz NOT NULL DEFAULT '-infinity',
  claim        integer NOT NULL DEFAULT 0,
  attempts     integer NOT NULL DEFAULT 0
);
CREATE INDEX imports_of_project ON imports (project_id, created_at, id);
CREATE INDEX imports_due ON imports (due) WHERE status IN ('queued', 'in_progress');

-- What was read and is not written yet. A row is removed by the transaction that writes its object.
CREATE TABLE import_items (
  import_id text COLLATE "C" NOT NULL,
  kind      text NOT NULL,
  -- the id of the thread of a message, of the store of a file in it, of the file of a piece of content; else empty
  parent    text COLLATE "C" NOT NULL,
  source_id text COLLATE "C" NOT NULL,
  at        timestamptz NOT NULL,
  ordinal   bigint NOT NULL,
  prepared  boolean NOT NULL DEFAULT false,
  size      integer NOT NULL,
  body      text NOT NULL,
  PRIMARY KEY (import_id, kind, parent, source_id)
);
CREATE INDEX import_items_in_order ON import_items (import_id, kind, parent, at, ordinal);

-- Which object an object of a source became.
CREATE TABLE import_ids (
  project_id text COLLATE "C" NOT NULL,
  source     text COLLATE "C" NOT NULL,
  kind       text NOT NULL,
  source_id  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  -- the import that has chosen the id
  import_id  text COLLATE "C" NOT NULL,
  PRIMARY KEY (project_id, source, kind, source_id)
);

CREATE TABLE import_counts (
  import_id text COLLATE "C" NOT NULL,
  kind      text NOT NULL,
  outcome   text NOT NULL,
  objects   bigint NOT NULL,
  PRIMARY KEY (import_id, kind, outcome)
);

CREATE TABLE import_problems (
  import_id text COLLATE "C" NOT NULL,
  number    bigint GENERATED ALWAYS AS IDENTITY,
  kind      text NOT NULL,
  source_id text NOT NULL,
  message   text NOT NULL,
  PRIMARY KEY (import_id, number)
);
