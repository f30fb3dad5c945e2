-- Who executes a tool call: the client, the server, or nobody, as it was refused (it names no tool,
-- or its arguments do not fit). A call of the server that a person has to decide goes to the client.
ALTER TABLE tool_calls ADD COLUMN executor text NOT NULL DEFAULT 'client'
  CHECK (executor IN ('client', 'server', 'nobody'));

-- What the run's tools may reach, as its assistant had it when the run was created.
ALTER TABLE runs ADD COLUMN safety jsonb;
