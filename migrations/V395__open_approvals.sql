-- A client of the Responses API that sends its whole history names a call that waits for an approval by its id alone.
CREATE INDEX tool_calls_approvals ON tool_calls (id) WHERE output IS NULL AND executor = 'approval';
