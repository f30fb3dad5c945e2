-- Sessions of the console: a cookie stands for the key that signed in.
CREATE TABLE console_sessions (
  secret_hash  bytea PRIMARY KEY,
  -- the key that signed in; its deletion ends the session
  key_id       text COLLATE "C" REFERENCES api_keys ON DELETE CASCADE,
  -- the secret of the key at that time: when it stops working, the session does
  key_hash     bytea,
  -- an admin of an identity provider, in place of a key: what the signed token said
  admin_id      text COLLATE "C",
  admin_subject text,
  admin_email   text,
  created_at   timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  CHECK ((key_id IS NULL) <> (admin_id IS NULL))
);
CREATE INDEX console_sessions_by_key ON console_sessions (key_id) WHERE key_id IS NOT NULL;
CREATE INDEX console_sessions_by_expiry ON console_sessions (expires_at);

-- Threads by how their runs ended, or that wait for somebody. Runs that complete never enter it.
CREATE INDEX runs_by_outcome ON runs (project_id, status, created_at)
  WHERE status IN ('requires_action', 'failed', 'expired', 'incomplete', 'cancelled');
