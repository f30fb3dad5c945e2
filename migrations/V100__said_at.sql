-- When a text was said, where its message tells: messages that were brought from elsewhere carry the time in their metadata
-- or at the head of their text. Null where created_at is all there is.
ALTER TABLE memory_index ADD COLUMN said_at timestamptz;
