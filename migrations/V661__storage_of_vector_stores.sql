-- The most that the vector stores of a project had on a day, sampled by the clean-up of usage.
CREATE TABLE usage_storage (
  project_id text COLLATE "C" NOT NULL,
  day        date NOT NULL,
  bytes      bigint NOT NULL,
  PRIMARY KEY (project_id, day)
);
CREATE INDEX usage_storage_by_day ON usage_storage (day);
