-- What a thread was copied from. Both may be deleted: nothing hangs on them.
ALTER TABLE threads
  ADD COLUMN forked_from_thread text COLLATE "C",
  ADD COLUMN forked_from_message text COLLATE "C";
