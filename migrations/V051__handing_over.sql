-- A run whose routing is 'handed' has handed its answer over to another: it ends with that one, in
-- the same transaction.
ALTER TABLE runs DROP CONSTRAINT runs_routing_check;
ALTER TABLE runs ADD CONSTRAINT runs_routing_check CHECK (routing IN ('waiting', 'ready', 'handed'));
