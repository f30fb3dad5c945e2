package dev.threadmill.runs.store;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;

/** The status of a run, and which status may follow which. */
public enum RunStatus {
  /** It waits until a node claims it. */
  QUEUED,
  /** A node executes it, or it waits for runs that it created. */
  IN_PROGRESS,
  /** It waits for its client: no node executes it. */
  REQUIRES_ACTION,
  /** It is to be cancelled, and a node still executes it. */
  CANCELLING,
  COMPLETED,
  FAILED,
  CANCELLED,
  EXPIRED,
  INCOMPLETE;

  /** The run has not ended: it locks its thread. */
  public static final Set<RunStatus> ACTIVE =
      setOf(QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING);

  /** A node executes the run, or it waits for its child runs. */
  public static final Set<RunStatus> EXECUTING = setOf(IN_PROGRESS, CANCELLING);

  /** The run has ended, and its status never changes again. */
  public static final Set<RunStatus> TERMINAL =
      Collections.unmodifiableSet(EnumSet.complementOf(EnumSet.copyOf(ACTIVE)));

  private static Set<RunStatus> setOf(RunStatus first, RunStatus... others) {
    return Collections.unmodifiableSet(EnumSet.of(first, others));
  }

  /** Whether the run has ended. */
  public boolean isTerminal() {
    return TERMINAL.contains(this);
  }

  /** Whether the run has not ended. */
  public boolean isActive() {
    return ACTIVE.contains(this);
  }

  /** Whether a run in this status may change to the other one. */
  public boolean canBecome(RunStatus next) {
    return switch (this) {
      case QUEUED ->
          switch (next) {
            // Incomplete: the time of its budget is over.
            case IN_PROGRESS, CANCELLING, CANCELLED, EXPIRED, FAILED, INCOMPLETE -> true;
            case QUEUED, REQUIRES_ACTION, COMPLETED -> false;
          };
      case IN_PROGRESS -> next != QUEUED && next != IN_PROGRESS;
      case REQUIRES_ACTION ->
          switch (next) {
            // Completed: its outputs are there, and another run continues with them.
            case QUEUED, CANCELLING, COMPLETED, CANCELLED, EXPIRED, FAILED, INCOMPLETE -> true;
            case IN_PROGRESS, REQUIRES_ACTION -> false;
          };
      case CANCELLING -> next.isTerminal();
      case COMPLETED, FAILED, CANCELLED, EXPIRED, INCOMPLETE -> false;
    };
  }

  /** The statuses from which a run may change to this one. */
  public Set<RunStatus> predecessors() {
    var predecessors = EnumSet.noneOf(RunStatus.class);
    for (var status : values()) {
      if (status.canBecome(this)) {
        predecessors.add(status);
      }
    }
    return predecessors;
  }

  /** The statuses as a list in SQL: {@code ('queued', 'in_progress')}. */
  public static String sql(Collection<RunStatus> statuses) {
    return statuses.stream()
        .map(status -> "'" + status.wire() + "'")
        .collect(Collectors.joining(", ", "(", ")"));
  }

  /** The name in the API and in the database. */
  @JsonValue
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
