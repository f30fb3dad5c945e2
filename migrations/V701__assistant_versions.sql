-- What assistants were like: a row for each change, the newest hundred of each assistant.
CREATE TABLE assistant_versions (
  assistant_id text COLLATE "C" NOT NULL REFERENCES assistants ON DELETE CASCADE,
  version      integer NOT NULL,
  created_at   timestamptz NOT NULL,
  -- the key that made the change; null for what there was before versions were kept
  changed_by   text COLLATE "C",
  -- as the API shows it: without secrets
  content      jsonb NOT NULL,
  PRIMARY KEY (assistant_id, version)
);
