package dev.threadmill.runs;

import dev.threadmill.db.Tx;
import dev.threadmill.runs.store.Run;

/** Is called within the transaction that creates a run, before the run is inserted. */
@FunctionalInterface
public interface BeforeInsert {
  /** Does nothing. */
  BeforeInsert NONE = (_, _) -> {};

  void onCreate(Tx tx, Run run);
}
