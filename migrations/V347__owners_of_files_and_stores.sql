-- A store that is created along with an assistant: until when the assistant has to be there. Null once it is, and for others.
ALTER TABLE vector_stores ADD COLUMN unconfirmed_until timestamptz;
CREATE INDEX vector_stores_unconfirmed ON vector_stores (unconfirmed_until) WHERE unconfirmed_until IS NOT NULL;

-- The forks of a thread, which take over its files and its store when it is deleted.
CREATE INDEX threads_by_fork ON threads (forked_from_thread, created_at) WHERE forked_from_thread IS NOT NULL;
