-- Calls that the server makes once the client has allowed them: 'approval' waits, 'approved' may be
-- made, 'begun' may have been made.
ALTER TABLE tool_calls DROP CONSTRAINT tool_calls_executor_check;
ALTER TABLE tool_calls ADD CONSTRAINT tool_calls_executor_check
  CHECK (executor IN ('client', 'server', 'nobody', 'approval', 'approved', 'begun'));
