-- With a thread goes what led to its runs.
CREATE INDEX protocol_requests_by_thread ON protocol_requests (thread_id);
CREATE FUNCTION protocols_drop_thread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM protocol_requests WHERE thread_id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER protocols_drops_thread AFTER DELETE ON threads FOR EACH ROW
  EXECUTE FUNCTION protocols_drop_thread();
