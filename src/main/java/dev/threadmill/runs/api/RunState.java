package dev.threadmill.runs.api;

import dev.threadmill.runs.store.RunStatus;
import java.util.Locale;

/** The status of a run, as front doors see it. */
public enum RunState {
  QUEUED(RunStatus.QUEUED),
  IN_PROGRESS(RunStatus.IN_PROGRESS),
  REQUIRES_ACTION(RunStatus.REQUIRES_ACTION),
  CANCELLING(RunStatus.CANCELLING),
  COMPLETED(RunStatus.COMPLETED),
  FAILED(RunStatus.FAILED),
  CANCELLED(RunStatus.CANCELLED),
  EXPIRED(RunStatus.EXPIRED),
  INCOMPLETE(RunStatus.INCOMPLETE);

  private final RunStatus stored;

  RunState(RunStatus stored) {
    this.stored = stored;
  }

  static RunState of(RunStatus stored) {
    return valueOf(stored.name());
  }

  /** The status in the database. */
  RunStatus stored() {
    return stored;
  }

  /** Whether the run has ended. Such a state never changes. */
  public boolean isTerminal() {
    return stored.isTerminal();
  }

  /** Its name in the API: {@code in_progress}. */
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
