-- What a call has told while it was executed: its output as far as it was told and is not stored as
-- a whole yet, and words on how it goes.
ALTER TABLE tool_calls
  ADD COLUMN partial text,
  ADD COLUMN progress text;
