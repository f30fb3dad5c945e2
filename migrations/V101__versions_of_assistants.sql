-- Counts the changes of an assistant, so that a node that remembers it can tell, within the very transaction that
-- builds on it, whether it still is what is remembered.
ALTER TABLE assistants ADD COLUMN version bigint NOT NULL DEFAULT 0;

CREATE FUNCTION assistants_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.version := OLD.version + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER assistants_count_changes BEFORE UPDATE ON assistants FOR EACH ROW
  EXECUTE FUNCTION assistants_count_change();
