-- The files of the code interpreter: what /mnt/data of a thread contains, on whichever node its next session is.
CREATE TABLE code_files (
  thread_id     text COLLATE "C" NOT NULL,
  -- relative to /mnt/data
  path          text COLLATE "C" NOT NULL,
  project_id    text COLLATE "C" NOT NULL,
  -- the file with the content; null if the code has deleted it
  file_id       text COLLATE "C",
  -- the file that a client gave; null for one that code has made
  input_file_id text COLLATE "C",
  PRIMARY KEY (thread_id, path)
);
CREATE INDEX code_files_by_file ON code_files (file_id) WHERE file_id IS NOT NULL;

-- The session that has the variables of a thread.
CREATE TABLE code_sessions (
  thread_id  text COLLATE "C" PRIMARY KEY,
  project_id text COLLATE "C" NOT NULL,
  session    text NOT NULL
);
