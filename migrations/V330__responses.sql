-- A thread that no list shows: it belongs to a chain of responses.
ALTER TABLE threads ADD COLUMN hidden boolean NOT NULL DEFAULT false;

-- The responses of the Responses API. Each is the part of a run up to its end or to the calls that its client answers.
CREATE TABLE responses (
  id           text COLLATE "C" PRIMARY KEY,
  project_id   text COLLATE "C" NOT NULL,
  thread_id    text COLLATE "C" NOT NULL,
  run_id       text COLLATE "C" NOT NULL,
  created_at   timestamptz NOT NULL,
  -- the event of the run behind which the response begins; null for the start of the run
  start        text,
  previous_id  text COLLATE "C",
  -- the previous response if this one goes on in its thread, which only one can
  continues    text COLLATE "C" UNIQUE,
  conversation boolean NOT NULL,
  background   boolean NOT NULL,
  stored       boolean NOT NULL,
  -- what the response repeats of its request; json, because jsonb does not keep the order of the fields
  request      json NOT NULL,
  input        json NOT NULL,
  -- system messages of the chain so far, which are part of the instructions of each of its runs
  system       text
);
CREATE INDEX responses_by_thread ON responses (thread_id, created_at, id);
CREATE INDEX responses_unstored ON responses (created_at) WHERE NOT stored;
