-- The parts of a tool's result that are not text, and the sources that it names:
-- {"details": [...], "citations": [...]}; null for none.
ALTER TABLE tool_calls ADD COLUMN result_parts jsonb;
