-- Webhook endpoints of projects. The counters are of its deliveries. The owner is the one node that delivers to the endpoint until
-- its lease ends; its writes name the fence, which rises with each claim.
CREATE TABLE webhook_endpoints (
  id               text COLLATE "C" PRIMARY KEY,
  project_id       text COLLATE "C" NOT NULL,
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  name             text NOT NULL,
  url              text NOT NULL,
  event_types      text[] NOT NULL,
  -- encrypted
  secret           text NOT NULL,
  secret_hint      text NOT NULL,
  old_secret       text,
  old_secret_until timestamptz,
  pending          integer NOT NULL DEFAULT 0,
  dead             integer NOT NULL DEFAULT 0,
  owner            text,
  leased_until     timestamptz NOT NULL DEFAULT '-infinity',
  fence            bigint NOT NULL DEFAULT 0,
  -- attempts that failed in a row, and until when nothing is sent to an endpoint that fails or asks for a pause
  failures         integer NOT NULL DEFAULT 0,
  next_attempt_at  timestamptz NOT NULL DEFAULT '-infinity',
  -- a deleted endpoint stays until its deliveries are deleted
  deleted          boolean NOT NULL DEFAULT false
);
CREATE INDEX webhook_endpoints_by_project ON webhook_endpoints (project_id, created_at, id) WHERE NOT deleted;

-- What was, is or could not be delivered. Deliveries of one lane go out one after the other, in the order of their positions: a
-- lane is a thread, or a single event that belongs to none.
CREATE TABLE webhook_deliveries (
  id           text COLLATE "C" PRIMARY KEY,
  endpoint_id  text COLLATE "C" NOT NULL,
  lane         text COLLATE "C" NOT NULL,
  position     bigint GENERATED ALWAYS AS IDENTITY,
  event_id     text COLLATE "C" NOT NULL,
  event        text NOT NULL,
  created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  -- from when on the three days count
  since        timestamptz NOT NULL DEFAULT clock_timestamp(),
  body         text NOT NULL,
  -- pending, delivered or dead
  status       text NOT NULL,
  attempts     integer NOT NULL DEFAULT 0,
  ended_at     timestamptz,
  -- the latest attempts, oldest first
  history      jsonb NOT NULL DEFAULT '[]',
  UNIQUE (endpoint_id, event_id)
);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (endpoint_id, lane, position) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_since ON webhook_deliveries (endpoint_id, since) WHERE status = 'pending';
CREATE INDEX webhook_deliveries_by_status ON webhook_deliveries (endpoint_id, status, created_at, id);
CREATE INDEX webhook_deliveries_by_endpoint ON webhook_deliveries (endpoint_id, created_at, id);
CREATE INDEX webhook_deliveries_dead ON webhook_deliveries (endpoint_id, position) WHERE status = 'dead';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (ended_at) WHERE status <> 'pending';

-- The lanes of an endpoint that have something to deliver, and when the first of it is due.
CREATE TABLE webhook_lanes (
  endpoint_id     text COLLATE "C" NOT NULL,
  lane            text COLLATE "C" NOT NULL,
  pending         integer NOT NULL,
  attempts        integer NOT NULL DEFAULT 0,
  next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (endpoint_id, lane)
);
CREATE INDEX webhook_lanes_due ON webhook_lanes (endpoint_id, next_attempt_at, lane);
