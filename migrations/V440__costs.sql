-- The cost of a run and of a step in billionths of a US dollar, and the part of the prompts that providers had in their caches.
-- The cost is null if it is not known: rows of earlier versions, and calls of a model without a price.
ALTER TABLE runs
  ADD COLUMN cost_nanos bigint,
  ADD COLUMN cached_tokens integer NOT NULL DEFAULT 0;
ALTER TABLE run_steps
  ADD COLUMN cost_nanos bigint,
  ADD COLUMN cached_tokens integer;
