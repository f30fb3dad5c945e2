-- Requests of MCP and A2A with a key are rows of idempotency_keys, too: they have no holder, and are stored in the transaction
-- that creates their run.
INSERT INTO idempotency_keys (id, project_id, fingerprint, created_at, holder, held_until, made)
SELECT id, project_id, fingerprint, created_at, '', '-infinity', jsonb_build_object('thread_', thread_id, 'run_', run_id)
FROM protocol_requests
ON CONFLICT DO NOTHING;

DROP TRIGGER protocols_drops_thread ON threads;
DROP FUNCTION protocols_drop_thread;
DROP TABLE protocol_requests;

-- Nodes of earlier versions go on with this view while an upgrade is under way.
CREATE VIEW protocol_requests AS
  SELECT id, project_id, fingerprint, created_at, made ->> 'thread_' AS thread_id, made ->> 'run_' AS run_id
  FROM idempotency_keys WHERE holder = '';
CREATE FUNCTION protocol_requests_insert() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO idempotency_keys (id, project_id, fingerprint, created_at, holder, held_until, made)
  VALUES (NEW.id, NEW.project_id, NEW.fingerprint, NEW.created_at, '', '-infinity',
    jsonb_build_object('thread_', NEW.thread_id, 'run_', NEW.run_id));
  RETURN NEW;
EXCEPTION WHEN unique_violation THEN
  RAISE unique_violation USING MESSAGE = 'the key was sent before', CONSTRAINT = 'protocol_requests_pkey';
END $$;
CREATE TRIGGER protocol_requests_inserts INSTEAD OF INSERT ON protocol_requests FOR EACH ROW
  EXECUTE FUNCTION protocol_requests_insert();
