-- The embedding model that a file is or will be indexed with: files of another model than the present one are indexed again.
ALTER TABLE vector_store_files ADD COLUMN model text COLLATE "C";
CREATE INDEX vector_store_files_by_model ON vector_store_files (model) WHERE status = 'completed';
