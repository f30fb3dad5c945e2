-- The endpoints that have something to deliver, for the claims of nodes.
CREATE INDEX webhook_endpoints_waiting ON webhook_endpoints (id) WHERE pending > 0 AND NOT deleted;
