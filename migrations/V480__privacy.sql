-- What is replaced by tokens in the texts of a project: {"mode": "standard" | "strict", "allowed_entities": [...]}; null for
-- nothing of its own, its assistants may ask for more.
ALTER TABLE projects ADD COLUMN privacy jsonb;

CREATE INDEX assistants_with_privacy ON assistants (project_id) WHERE privacy ->> 'mode' IN ('standard', 'strict');

-- The data keys, encrypted by the server's key. The owner is '' for the project and 'user:{user}' for a user. A key that is
-- deleted makes all that is encrypted with it unreadable, in backups of privacy_vault as well.
CREATE TABLE privacy_keys (
  project_id text COLLATE "C" NOT NULL,
  owner      text COLLATE "C" NOT NULL,
  sealed     text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, owner)
);

-- The values that tokens stand for, each encrypted with the key of its owner. The same value has the same token in the whole
-- project, and one row for each owner.
CREATE TABLE privacy_vault (
  project_id text COLLATE "C" NOT NULL,
  token      text COLLATE "C" NOT NULL,
  owner      text COLLATE "C" NOT NULL,
  kind       text NOT NULL,
  sealed     text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (project_id, token, owner),
  FOREIGN KEY (project_id, owner) REFERENCES privacy_keys ON DELETE CASCADE
);
CREATE INDEX privacy_vault_by_owner ON privacy_vault (project_id, owner);
