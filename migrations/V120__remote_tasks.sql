-- Under which name the receiver of a call works on it, so that the call can be gone on with after a
-- crash instead of being made again.
ALTER TABLE tool_calls
  ADD COLUMN remote_task text;
