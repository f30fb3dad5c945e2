package dev.threadmill.protocols.a2a;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.api.RunSnapshot;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a task: its thread and its run. Runs are looked up by thread, and A2A passes nothing
 * but the id of the task.
 */
record TaskId(ThreadId thread, RunId run) {
  private static final Pattern FORM =
      Pattern.compile("(thread_[A-Za-z0-9_-]{1,120})\\.(run_[A-Za-z0-9_-]{1,120})");

  static TaskId of(RunSnapshot run) {
    return new TaskId(run.thread(), run.id());
  }

  /** Empty if it is not the id of a task. */
  static Optional<TaskId> parse(String text) {
    var parts = FORM.matcher(text);
    return parts.matches()
        ? Optional.of(new TaskId(new ThreadId(parts.group(1)), new RunId(parts.group(2))))
        : Optional.empty();
  }

  @Override
  public String toString() {
    return thread + "." + run;
  }
}
