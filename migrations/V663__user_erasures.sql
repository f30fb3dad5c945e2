-- Erasures of users: what is to be done, and the report of what was done. The user is named until the erasure has ended only.
CREATE TABLE user_erasures (
  id           text COLLATE "C" PRIMARY KEY,
  project_id   text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
  user_id      text,
  created_at   timestamptz NOT NULL,
  completed_at timestamptz,
  -- when a node may go on with it; the node that does moves it into the future
  due          timestamptz NOT NULL,
  counts       jsonb NOT NULL DEFAULT '{}',
  thread_ids   jsonb NOT NULL DEFAULT '[]',
  file_ids     jsonb NOT NULL DEFAULT '[]'
);
CREATE UNIQUE INDEX user_erasures_by_user ON user_erasures (project_id, user_id) WHERE completed_at IS NULL;
CREATE INDEX user_erasures_by_due ON user_erasures (due) WHERE completed_at IS NULL;
CREATE INDEX user_erasures_by_time ON user_erasures (project_id, created_at, id);
