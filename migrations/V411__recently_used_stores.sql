-- The stores that a node loads when it starts: those that were used last.
CREATE INDEX vector_stores_by_activity ON vector_stores (last_active_at) WHERE status = 'active';
