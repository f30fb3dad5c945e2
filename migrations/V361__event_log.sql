-- The log of events of each project: what the outbox delivers, for as long as the retention says. The payload is the event as it
-- is shown. Positions rise in the order in which transactions that insert commit, since each updates the one row of
-- event_log_head first.
CREATE TABLE event_log (
  position   bigint PRIMARY KEY,
  id         text COLLATE "C" NOT NULL UNIQUE,
  project_id text COLLATE "C" NOT NULL,
  created_at timestamptz NOT NULL,
  event      text NOT NULL,
  payload    jsonb NOT NULL
);

CREATE TABLE event_log_head (
  one_row  boolean PRIMARY KEY DEFAULT true CHECK (one_row),
  position bigint NOT NULL
);
INSERT INTO event_log_head (position) VALUES (0);

-- One index for each filter that may match few of many events, in the order of the log. Those of fields that most events lack
-- have the others only.
CREATE INDEX event_log_by_project ON event_log (project_id, position);
CREATE INDEX event_log_by_time ON event_log (project_id, created_at);
CREATE INDEX event_log_by_event ON event_log (project_id, event, position);
CREATE INDEX event_log_by_thread ON event_log (project_id, (payload ->> 'thread_id'), position)
  WHERE payload ->> 'thread_id' IS NOT NULL;
CREATE INDEX event_log_by_run ON event_log (project_id, (payload ->> 'run_id'), position)
  WHERE payload ->> 'run_id' IS NOT NULL;
CREATE INDEX event_log_by_request ON event_log (project_id, (payload ->> 'request_id'), position)
  WHERE payload ->> 'request_id' IS NOT NULL;
CREATE INDEX event_log_by_assistant ON event_log (project_id, (payload ->> 'assistant_id'), position)
  WHERE payload ->> 'assistant_id' IS NOT NULL;
CREATE INDEX event_log_by_tool ON event_log (project_id, (payload ->> 'tool'), position)
  WHERE payload ->> 'tool' IS NOT NULL;
CREATE INDEX event_log_by_model ON event_log (project_id, (payload ->> 'model'), position)
  WHERE payload ->> 'model' IS NOT NULL;
CREATE INDEX event_log_by_key ON event_log (project_id, (payload ->> 'key'), position)
  WHERE payload ->> 'key' IS NOT NULL;
CREATE INDEX event_log_by_safety_flag ON event_log (project_id, position)
  WHERE payload ->> 'safety_flag' IS NOT NULL;
CREATE INDEX event_log_by_other_status ON event_log (project_id, (payload ->> 'status'), position)
  WHERE payload ->> 'status' <> 'completed';
