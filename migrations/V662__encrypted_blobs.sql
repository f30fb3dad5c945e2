-- The key of the bytes of a blob, encrypted like other secrets of the project: without the row the bytes cannot be read any more, in
-- copies of the store either. Null for blobs that are stored as they were uploaded.
ALTER TABLE file_blobs ADD COLUMN sealed_key text;
