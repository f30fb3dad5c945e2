-- The API key whose request created the run, or the root of its tree; null if it is not known.
ALTER TABLE runs ADD COLUMN api_key_id text COLLATE "C";
