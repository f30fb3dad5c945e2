-- Each event was added to ten indexes or more. Fields whose values many events share need no entry for each event: a
-- summary of every range of pages says which values and which times the range may have, and is written once. The planner reads
-- the log by position where a value is frequent, and by these summaries where it is rare.
DROP INDEX event_log_by_time;
DROP INDEX event_log_by_event;
DROP INDEX event_log_by_assistant;
DROP INDEX event_log_by_model;
DROP INDEX event_log_by_key;
CREATE INDEX event_log_by_fields ON event_log USING brin (
  created_at timestamptz_minmax_ops,
  event text_bloom_ops (n_distinct_per_range = 16),
  (payload ->> 'assistant_id') text_bloom_ops (n_distinct_per_range = 64),
  (payload ->> 'model') text_bloom_ops (n_distinct_per_range = 16),
  (payload ->> 'key') text_bloom_ops (n_distinct_per_range = 64)
) WITH (pages_per_range = 32, autosummarize = on);
