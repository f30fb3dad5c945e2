-- For how many days a project remembers; no row: for ever. Messages stay as long as they stay.
CREATE TABLE memory_retention (
  project_id text COLLATE "C" PRIMARY KEY REFERENCES projects ON DELETE CASCADE,
  days       integer NOT NULL CHECK (days > 0)
);
CREATE INDEX memory_index_by_age ON memory_index (project_id, created_at);
