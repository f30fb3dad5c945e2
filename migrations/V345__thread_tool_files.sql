-- Files that are attached to messages of a thread for a tool of the assistant's own, which is named by its type or its name.
CREATE TABLE thread_tool_files (
  thread_id   text COLLATE "C" NOT NULL,
  tool        text COLLATE "C" NOT NULL,
  file_id     text COLLATE "C" NOT NULL,
  -- the time of the message: a file may be attached to several, of which a fork has the older ones
  attached_at timestamptz NOT NULL,
  PRIMARY KEY (thread_id, tool, attached_at, file_id)
);
CREATE INDEX thread_tool_files_by_file ON thread_tool_files (file_id);
