-- What an API key may do, from where, and until when.
ALTER TABLE api_keys
  -- null: what every key could do before there were scopes, which is all but 'admin'
  ADD COLUMN scopes text[] COLLATE "C",
  -- null: until it is deleted
  ADD COLUMN expires_at timestamptz,
  -- CIDR ranges; null: every address
  ADD COLUMN allowed_addresses text[],
  ADD COLUMN last_used_at timestamptz,
  -- the secret before the last rotation, and until when it works
  ADD COLUMN previous_secret_hash bytea,
  ADD COLUMN previous_until timestamptz;
CREATE INDEX api_keys_by_previous_secret ON api_keys (previous_secret_hash) WHERE previous_secret_hash IS NOT NULL;

-- Short-lived tokens for browsers. Not rows of api_keys: nodes of earlier versions would take them for keys of the whole project.
CREATE TABLE client_tokens (
  -- the id of the key that created it, a hyphen, and an end of its own: limits find the key by it
  id                   text COLLATE "C" PRIMARY KEY,
  project_id           text COLLATE "C" NOT NULL REFERENCES projects ON DELETE CASCADE,
  -- null for a token that an admin of an identity provider has created
  key_id               text COLLATE "C" REFERENCES api_keys ON DELETE CASCADE,
  user_id              text NOT NULL,
  secret_hash          bytea NOT NULL UNIQUE,
  hint                 text NOT NULL,
  -- null: any assistant of the project
  assistants           text[] COLLATE "C",
  -- null: pages of any origin
  origins              text[],
  lifetime             integer NOT NULL,
  created_at           timestamptz NOT NULL,
  expires_at           timestamptz NOT NULL,
  last_used_at         timestamptz,
  previous_secret_hash bytea,
  previous_until       timestamptz
);
CREATE INDEX client_tokens_by_project ON client_tokens (project_id, created_at, id);
CREATE INDEX client_tokens_by_key ON client_tokens (key_id);
CREATE INDEX client_tokens_by_expiry ON client_tokens (expires_at);
CREATE INDEX client_tokens_by_previous_secret ON client_tokens (previous_secret_hash)
  WHERE previous_secret_hash IS NOT NULL;
-- A token takes its limits along, as a key does.
CREATE TRIGGER usage_drops_key AFTER DELETE ON client_tokens FOR EACH ROW EXECUTE FUNCTION usage_drop_key();

-- The threads of a user, which is named in their metadata.
CREATE INDEX threads_by_user ON threads (project_id, (metadata ->> 'user'), created_at, id)
  WHERE (metadata ->> 'user') IS NOT NULL;

-- The user whose client token uploaded the file; null for files of the project.
ALTER TABLE files ADD COLUMN user_id text;
CREATE INDEX files_by_user ON files (project_id, user_id, created_at, id) WHERE user_id IS NOT NULL;
