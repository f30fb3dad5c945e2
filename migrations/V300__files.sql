-- Files of projects. The bytes are in the blob store, which is a folder or a bucket.
CREATE TABLE files (
  id             text COLLATE "C" PRIMARY KEY,
  project_id     text COLLATE "C" NOT NULL,
  created_at     timestamptz NOT NULL,
  filename       text NOT NULL,
  bytes          bigint NOT NULL,
  purpose        text NOT NULL,
  content_type   text NOT NULL,
  -- hexadecimal
  sha256         text COLLATE "C" NOT NULL,
  status         text NOT NULL CHECK (status IN ('uploaded', 'processed', 'error')),
  status_details text,
  -- null for a file that stays until it is deleted
  expires_at     timestamptz,
  -- the thread that the file was made for and is deleted with; null for a file of its own
  thread_id      text COLLATE "C",
  blob           text COLLATE "C" NOT NULL
);
CREATE INDEX files_by_time ON files (project_id, created_at, id);
CREATE INDEX files_by_thread ON files (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX files_by_expiry ON files (expires_at) WHERE expires_at IS NOT NULL;

-- Every blob that may exist in the blob store. A row is committed before the first byte is written and is removed after the
-- last byte is gone, so that a node that stops between the two leaves nothing behind that no row names.
CREATE TABLE file_blobs (
  key          text COLLATE "C" PRIMARY KEY,
  project_id   text COLLATE "C" NOT NULL,
  -- what counts against the quota of the project
  bytes        bigint NOT NULL,
  state        text NOT NULL CHECK (state IN ('writing', 'stored', 'deleting')),
  -- while it is written or deleted: until when the node that does so has it; another one removes the blob after that
  leased_until timestamptz
);
CREATE INDEX file_blobs_by_lease ON file_blobs (leased_until) WHERE state <> 'stored';

-- What the blobs of a project add up to.
CREATE TABLE file_usage (
  project_id text COLLATE "C" PRIMARY KEY,
  bytes      bigint NOT NULL,
  blobs      bigint NOT NULL
);
