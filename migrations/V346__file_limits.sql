-- What the files of a project may add up to, in bytes; null for the setting of the server.
ALTER TABLE file_usage ADD COLUMN max_bytes bigint;
