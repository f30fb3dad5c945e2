-- What a model has read in pictures, so that an attempt on any node goes on where another one ended.
CREATE TABLE picture_texts (
  -- the project that was charged; others are charged themselves
  project_id text COLLATE "C" NOT NULL,
  model      text COLLATE "C" NOT NULL,
  -- SHA-256 of the picture
  digest     bytea NOT NULL,
  text       text NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (project_id, digest, model)
);
CREATE INDEX picture_texts_by_expiry ON picture_texts (expires_at);
