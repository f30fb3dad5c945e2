-- Events for systems outside of the run engine, written in the transaction that causes them. Each sink reads them by its own
-- position, in the order of sequence within a window of transactions that have all ended.
CREATE TABLE outbox (
  sequence   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  written    xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created_at timestamptz NOT NULL DEFAULT now(),
  project_id text COLLATE "C" NOT NULL,
  thread_id  text COLLATE "C" NOT NULL,
  type       text NOT NULL,
  payload    jsonb NOT NULL
);
CREATE INDEX outbox_by_written ON outbox (written, sequence);

-- The window [from_xid, to_xid) that a sink reads, and the last event of it that was delivered. The owner is the one node that
-- delivers to the sink until its lease ends.
CREATE TABLE outbox_sinks (
  name         text PRIMARY KEY,
  from_xid     xid8 NOT NULL,
  to_xid       xid8 NOT NULL,
  sequence     bigint NOT NULL DEFAULT 0,
  owner        text,
  leased_until timestamptz NOT NULL DEFAULT '-infinity'
);
