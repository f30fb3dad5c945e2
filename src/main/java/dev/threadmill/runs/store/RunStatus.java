package dev.threadmill.runs.store;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** Where a run stands. */
public enum RunStatus {
  QUEUED,
  IN_PROGRESS,
  REQUIRES_ACTION,
  CANCELLING,
  COMPLETED,
  FAILED,
  CANCELLED,
  EXPIRED,
  INCOMPLETE;

  /** Whether the run has ended. A status that is terminal never changes. */
  public boolean isTerminal() {
    return switch (this) {
      case QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING -> false;
      case COMPLETED, FAILED, CANCELLED, EXPIRED, INCOMPLETE -> true;
    };
  }

  /** The name on the wire and in the database. */
  @JsonValue
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
