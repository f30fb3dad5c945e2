-- The steps that show reasoning, in their order, so that a page of the items of a thread reads no others.
CREATE INDEX run_steps_with_reasoning ON run_steps (thread_id, created_at, id) WHERE aside ->> 'reasoning' IS NOT NULL;
