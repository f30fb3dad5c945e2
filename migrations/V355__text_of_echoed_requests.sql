-- A response repeats fields of its request in the order of its client, which jsonb does not keep.
ALTER TABLE responses ALTER COLUMN request TYPE json USING request::json;
ALTER TABLE responses ALTER COLUMN input TYPE json USING input::json;
