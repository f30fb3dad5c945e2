-- How runs go from turn to turn and what of it is shown, as the assistant says and the run: see
-- record TurnSettings.
ALTER TABLE assistants ADD COLUMN turns jsonb;
ALTER TABLE runs
  ADD COLUMN turns jsonb,
  ADD COLUMN reasoning_tokens integer NOT NULL DEFAULT 0;

-- What the model thought and said in a step, beside its message and its calls: see record Aside.
ALTER TABLE run_steps
  ADD COLUMN aside jsonb,
  ADD COLUMN reasoning_tokens integer;
