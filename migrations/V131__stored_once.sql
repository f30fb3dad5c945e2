-- How often the present attempt has stored what it did. A transaction of which nobody knows whether it was committed
-- is done again, and this is by what the second try sees that the first one was.
ALTER TABLE runs ADD COLUMN stored integer NOT NULL DEFAULT 0;
