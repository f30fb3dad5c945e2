-- Files that are attached to messages of a thread for a tool of the assistant's own, which is named by its type or its name.
CREATE TABLE thread_tool_files (
  thread_id   text COLLATE "C" NOT NULL,
  tool        text COLLATE "C" NOT NULL,
  file_id     text COLLATE "C" NOT NULL,
  -- the time of the message that they were last attached to
  attached_at timestamptz NOT NULL,
  PRIMARY KEY (thread_id, tool, file_id)
);
