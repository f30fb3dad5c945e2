-- Whole requests and prompts that projects ask to keep for a while. The content is compressed and encrypted; it moves to a blob of the
-- file store when its time is over and the project wants it archived.
CREATE TABLE debug_logs (
  id            text COLLATE "C" PRIMARY KEY,
  project_id    text COLLATE "C" NOT NULL,
  request_id    text COLLATE "C" NOT NULL,
  thread_id     text COLLATE "C",
  run_id        text COLLATE "C",
  -- request or model_call
  kind          text NOT NULL,
  created_at    timestamptz NOT NULL,
  -- of the stored content
  bytes         integer NOT NULL,
  truncated     boolean NOT NULL,
  content       text,
  archive       text COLLATE "C",
  archive_from  bigint,
  -- the end of the lease of a node that archives it
  claimed_until timestamptz NOT NULL DEFAULT '-infinity'
);
CREATE INDEX debug_logs_by_project ON debug_logs (project_id, created_at, id);
CREATE INDEX debug_logs_by_request ON debug_logs (project_id, request_id, created_at, id) INCLUDE (bytes);
CREATE INDEX debug_logs_by_run ON debug_logs (project_id, run_id, created_at, id) WHERE run_id IS NOT NULL;
CREATE INDEX debug_logs_by_thread ON debug_logs (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX debug_logs_kept ON debug_logs (project_id, created_at) INCLUDE (bytes) WHERE archive IS NULL;
CREATE INDEX debug_logs_by_archive ON debug_logs (archive) WHERE archive IS NOT NULL;

CREATE TABLE debug_log_settings (
  project_id      text COLLATE "C" PRIMARY KEY,
  enabled         boolean NOT NULL,
  -- delete or archive
  after_retention text NOT NULL
);
