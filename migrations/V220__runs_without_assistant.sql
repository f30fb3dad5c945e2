-- A run may have no assistant: then it carries its model, instructions and tools itself.
ALTER TABLE runs ALTER COLUMN assistant_id DROP NOT NULL;
ALTER TABLE run_steps ALTER COLUMN assistant_id DROP NOT NULL;

-- How many nodes in a row have lost their lease while they executed the run, without a commit of it in between. A run
-- that ends the nodes that execute it fails after a few of them.
ALTER TABLE runs ADD COLUMN crashes integer NOT NULL DEFAULT 0;
