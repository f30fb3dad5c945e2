-- What admins did. Each project has a chain of its own, and what belongs to no project is in the chain '': an entry has the hash of
-- the one before it, so that an entry that is changed, taken out or put in breaks the chain.
CREATE TABLE audit_entries (
  chain      text COLLATE "C" NOT NULL,
  seq        bigint NOT NULL,
  id         text COLLATE "C" NOT NULL UNIQUE,
  created_at timestamptz NOT NULL,
  type       text COLLATE "C" NOT NULL,
  project_id text COLLATE "C",
  actor_id   text COLLATE "C",
  target_id  text COLLATE "C",
  -- the JSON that the hash is about, as text: jsonb would store it in another order
  content    text NOT NULL,
  hash       bytea NOT NULL,
  PRIMARY KEY (chain, seq)
);
CREATE INDEX audit_entries_by_time ON audit_entries (created_at, id);
CREATE INDEX audit_entries_of_chain_by_time ON audit_entries (chain, created_at, id);

-- The end of each chain, which shows whether its last entries are missing, and where it begins since old entries were deleted.
-- The row is locked by whoever appends.
CREATE TABLE audit_chains (
  chain      text COLLATE "C" PRIMARY KEY,
  seq        bigint NOT NULL,
  hash       bytea NOT NULL,
  first_seq  bigint NOT NULL DEFAULT 1,
  first_hash bytea NOT NULL
) WITH (fillfactor = 50);
