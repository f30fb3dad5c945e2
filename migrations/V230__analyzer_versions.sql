-- The version of the analyzer that made the terms of an entry (class TermAnalyzer). Existing entries get version 0 without being
-- rewritten. Entries that a node of an earlier release writes during a rolling upgrade have no version.
ALTER TABLE memory_index ADD COLUMN analyzer smallint DEFAULT 0;
ALTER TABLE memory_index ALTER COLUMN analyzer DROP DEFAULT;
CREATE INDEX memory_index_by_missing_analyzer ON memory_index (thread_id) WHERE analyzer IS NULL;

-- How far entries have been analyzed again with a version of the analyzer: the key of the last entry that was looked at.
CREATE TABLE memory_reanalysis (
  analyzer  smallint PRIMARY KEY,
  thread_id text COLLATE "C" NOT NULL DEFAULT '',
  source_id text COLLATE "C" NOT NULL DEFAULT '',
  part      integer NOT NULL DEFAULT 0,
  model     text COLLATE "C" NOT NULL DEFAULT '',
  done      boolean NOT NULL DEFAULT false
);
