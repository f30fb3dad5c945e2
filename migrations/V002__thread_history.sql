-- The tool calls between the messages of a thread, read from its newest end.
CREATE INDEX run_steps_with_calls ON run_steps (thread_id, created_at) WHERE type = 'tool_calls';
