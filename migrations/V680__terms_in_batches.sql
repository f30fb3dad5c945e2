-- An entry whose terms are put in their places one by one rewrites a page of each common term: 30 kB of the write-ahead log for
-- the messages of a run, more than everything else together. Terms now wait in a list of at most 256 kB, which each search
-- reads in a fraction of a millisecond, and are put in their places together.
ALTER INDEX memory_index_by_term SET (fastupdate = on, gin_pending_list_limit = 256);
ALTER INDEX vector_store_index_by_term SET (fastupdate = on, gin_pending_list_limit = 256);
