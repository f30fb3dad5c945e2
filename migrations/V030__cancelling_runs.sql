-- What is marked to be cancelled by another node, and whose signal may have been lost.
CREATE INDEX runs_cancelling ON runs (owner) WHERE status = 'cancelling';
