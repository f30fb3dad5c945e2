-- Fails the transaction unless a statement has changed the one row that it is about. So a fenced write
-- can go out together with all that hangs on it, instead of being waited for.
CREATE FUNCTION require_one(changed bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF changed <> 1 THEN
    RAISE EXCEPTION 'the row has been taken over' USING ERRCODE = 'TM001';
  END IF;
END $$;
