-- By which a node that keeps a scope's entries in its memory learns what has changed since. Every entry says which transaction
-- wrote it; null is older than that. A snapshot tells which transactions somebody has seen already.
ALTER TABLE memory_index ADD COLUMN written xid8;
ALTER TABLE memory_index ALTER COLUMN written SET DEFAULT pg_current_xact_id();

DROP INDEX memory_index_by_user;
DROP INDEX memory_index_by_assistant;
CREATE INDEX memory_index_by_user ON memory_index (project_id, user_id, written) WHERE user_id IS NOT NULL;
CREATE INDEX memory_index_by_assistant ON memory_index (project_id, assistant_id, written)
  WHERE assistant_id IS NOT NULL;
CREATE INDEX memory_index_by_thread ON memory_index (thread_id, written) WHERE written IS NOT NULL;

CREATE FUNCTION memory_note_written() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.written := pg_current_xact_id();
  RETURN NEW;
END $$;
CREATE TRIGGER memory_notes_written BEFORE UPDATE ON memory_index FOR EACH ROW
  EXECUTE FUNCTION memory_note_written();

-- Scopes that have lost entries: a column is null where that scope has lost none. Rows go an hour after they were seen.
CREATE TABLE memory_losses (
  thread_id    text COLLATE "C",
  project_id   text COLLATE "C" NOT NULL,
  assistant_id text COLLATE "C",
  user_id      text,
  lost         xid8 NOT NULL DEFAULT pg_current_xact_id(),
  -- after the commit, which a transaction cannot know the time of
  seen         timestamptz
);
CREATE INDEX memory_losses_by_thread ON memory_losses (thread_id) WHERE thread_id IS NOT NULL;
CREATE INDEX memory_losses_by_user ON memory_losses (project_id, user_id) WHERE user_id IS NOT NULL;
CREATE INDEX memory_losses_by_assistant ON memory_losses (project_id, assistant_id)
  WHERE assistant_id IS NOT NULL;

CREATE FUNCTION memory_note_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO memory_losses (thread_id, project_id, assistant_id, user_id)
  SELECT DISTINCT thread_id, project_id, assistant_id, user_id FROM gone;
  RETURN NULL;
END $$;
CREATE TRIGGER memory_notes_deleted AFTER DELETE ON memory_index
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION memory_note_deleted();

CREATE FUNCTION memory_note_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO memory_losses (project_id, assistant_id, user_id)
  VALUES (OLD.project_id,
    CASE WHEN OLD.assistant_id IS DISTINCT FROM NEW.assistant_id THEN OLD.assistant_id END,
    CASE WHEN OLD.user_id IS DISTINCT FROM NEW.user_id THEN OLD.user_id END);
  RETURN NULL;
END $$;
CREATE TRIGGER memory_notes_moved AFTER UPDATE ON memory_index FOR EACH ROW
  WHEN (OLD.assistant_id IS NOT NULL AND OLD.assistant_id IS DISTINCT FROM NEW.assistant_id
    OR OLD.user_id IS NOT NULL AND OLD.user_id IS DISTINCT FROM NEW.user_id)
  EXECUTE FUNCTION memory_note_moved();
