-- Files that clients send in parts. A part is a blob until the upload is completed, cancelled or expired.
CREATE TABLE uploads (
  id              text COLLATE "C" PRIMARY KEY,
  project_id      text COLLATE "C" NOT NULL,
  created_at      timestamptz NOT NULL,
  expires_at      timestamptz NOT NULL,
  filename        text NOT NULL,
  bytes           bigint NOT NULL,
  purpose         text NOT NULL,
  content_type    text NOT NULL,
  -- of the file, from its creation on; null for never
  expires_after   integer,
  status          text NOT NULL CHECK (status IN ('pending', 'completed', 'cancelled', 'expired')),
  -- what has become of it
  file_id         text COLLATE "C"
);
CREATE INDEX uploads_by_expiry ON uploads (expires_at);

CREATE TABLE upload_parts (
  upload_id  text COLLATE "C" NOT NULL,
  id         text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  bytes      bigint NOT NULL,
  blob       text COLLATE "C" NOT NULL,
  PRIMARY KEY (upload_id, id)
);
