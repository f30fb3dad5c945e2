-- strict_region: what is not known to be in the region of the project is refused as well.
-- private_path: the name below which only keys of this project are answered, /v1/private/{name}.
ALTER TABLE projects
  ADD COLUMN strict_region boolean NOT NULL DEFAULT false,
  ADD COLUMN private_path text COLLATE "C" UNIQUE;
