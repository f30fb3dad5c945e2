-- The trace that the request of the run belongs to, and whether its requests and prompts are kept; null for neither. Whichever node
-- executes the run continues the trace.
ALTER TABLE runs ADD COLUMN trace jsonb;
