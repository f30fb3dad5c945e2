package dev.threadmill.protocols.a2a;

import dev.threadmill.runs.api.RunSnapshot;
import dev.threadmill.runs.api.RunState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The state of a task. */
enum TaskState {
  SUBMITTED,
  WORKING,
  INPUT_REQUIRED,
  COMPLETED,
  FAILED,
  CANCELED,
  REJECTED;

  static TaskState of(RunSnapshot run) {
    return switch (run.status()) {
      case QUEUED -> run.started() ? WORKING : SUBMITTED;
      case IN_PROGRESS, CANCELLING -> WORKING;
      case REQUIRES_ACTION -> INPUT_REQUIRED;
      case COMPLETED -> COMPLETED;
      case CANCELLED -> CANCELED;
      case FAILED ->
          run.error() != null && run.error().code().equals("invalid_prompt") ? REJECTED : FAILED;
      case EXPIRED, INCOMPLETE -> FAILED;
    };
  }

  boolean isTerminal() {
    return switch (this) {
      case SUBMITTED, WORKING, INPUT_REQUIRED -> false;
      case COMPLETED, FAILED, CANCELED, REJECTED -> true;
    };
  }

  /** The states of runs that map to this one. */
  List<RunState> statuses() {
    return switch (this) {
      case SUBMITTED -> List.of(RunState.QUEUED);
      case WORKING -> List.of(RunState.IN_PROGRESS, RunState.CANCELLING);
      case INPUT_REQUIRED -> List.of(RunState.REQUIRES_ACTION);
      case COMPLETED -> List.of(RunState.COMPLETED);
      case FAILED, REJECTED ->
          new ArrayList<>(List.of(RunState.FAILED, RunState.EXPIRED, RunState.INCOMPLETE));
      case CANCELED -> List.of(RunState.CANCELLED);
    };
  }

  String wire(A2aVersion dialect) {
    return switch (dialect) {
      case V1 -> "TASK_STATE_" + name();
      case V03 -> name().toLowerCase(Locale.ROOT).replace('_', '-');
    };
  }
}
