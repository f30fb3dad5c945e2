-- New entries used to wait in a list until there were 4 MB of them, and each search for a word read that list. Indexing an
-- entry is dominated by its vector, so its words can as well be put in their places at once.
ALTER INDEX memory_index_by_term SET (fastupdate = off);
