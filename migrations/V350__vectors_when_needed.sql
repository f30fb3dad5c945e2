-- Messages are indexed by their words at once, and by their vectors when those can matter. The queue keeps the messages whose
-- vectors wait: due is 'infinity' for them until something asks for their thread, their assistant or their user.
ALTER TABLE memory_queue
  -- whether the message gets its vector once it is due, whatever its assistant says
  ADD COLUMN wants_vector boolean NOT NULL DEFAULT false,
  -- the scopes that the message belongs to, set when it is put off; the assistant as in the index, null until it is known
  ADD COLUMN assistant_id text COLLATE "C",
  ADD COLUMN user_id text;
CREATE INDEX memory_queue_deferred ON memory_queue (thread_id, message_id) WHERE wants_vector AND due = 'infinity';
CREATE INDEX memory_queue_by_user ON memory_queue (project_id, user_id) WHERE due = 'infinity' AND user_id IS NOT NULL;
CREATE INDEX memory_queue_by_assistant ON memory_queue (project_id, assistant_id)
  WHERE due = 'infinity' AND assistant_id IS NOT NULL;

-- A message whose content changes while it is queued is indexed anew.
CREATE OR REPLACE FUNCTION memory_note_message() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO memory_queue (thread_id, message_id, project_id)
  VALUES (NEW.thread_id, NEW.id, NEW.project_id)
  ON CONFLICT (thread_id, message_id) DO UPDATE SET due = '-infinity', wants_vector = false;
  RETURN NULL;
END $$;

-- A thread that is given to another user or assistant takes its memory along, and what of it waits for its vectors.
CREATE OR REPLACE FUNCTION memory_move_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE memory_index
  SET user_id = NEW.metadata ->> 'user', assistant_id = coalesce(NEW.assistant_id, assistant_id)
  WHERE thread_id = NEW.id;
  UPDATE memory_facts
  SET user_id = NEW.metadata ->> 'user', assistant_id = coalesce(NEW.assistant_id, assistant_id)
  WHERE thread_id = NEW.id;
  UPDATE memory_queue
  SET user_id = NEW.metadata ->> 'user', assistant_id = coalesce(NEW.assistant_id, assistant_id)
  WHERE thread_id = NEW.id AND due = 'infinity';
  RETURN NULL;
END $$;
