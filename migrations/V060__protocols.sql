-- Under which protocols an assistant is offered: as a tool of an MCP server, as an A2A agent, and
-- whether its agent card is shown to those without a key.
ALTER TABLE assistants
  ADD COLUMN exposed_mcp boolean NOT NULL DEFAULT false,
  ADD COLUMN exposed_a2a boolean NOT NULL DEFAULT false,
  ADD COLUMN public_card boolean NOT NULL DEFAULT false;
CREATE INDEX assistants_exposed_as_tools ON assistants (project_id, created_at, id) WHERE exposed_mcp;

-- Requests of protocols that carry a key of their own (a message's id, a tool call's key), and the run
-- that each has made: whoever sends one again is led to that run. Kept for 24 hours.
CREATE TABLE protocol_requests (
  -- digest of the project, the assistant and the key
  id          text COLLATE "C" PRIMARY KEY,
  project_id  text COLLATE "C" NOT NULL,
  -- digest of what was asked
  fingerprint text COLLATE "C" NOT NULL,
  created_at  timestamptz NOT NULL,
  thread_id   text COLLATE "C" NOT NULL,
  run_id      text COLLATE "C" NOT NULL
);
CREATE INDEX protocol_requests_by_time ON protocol_requests (created_at);
