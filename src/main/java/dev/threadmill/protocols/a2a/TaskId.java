package dev.threadmill.protocols.a2a;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.api.RunSnapshot;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The id of a task: its run, and the thread that this is in. All that belongs to a thread is found
 * by the thread, while A2A asks for tasks by nothing but their ids.
 */
record TaskId(ThreadId thread, RunId run) {
  private static final Pattern FORM =
      Pattern.compile("(thread_[A-Za-z0-9_-]{1,120})\\.(run_[A-Za-z0-9_-]{1,120})");

  static TaskId of(RunSnapshot run) {
    return new TaskId(run.thread(), run.id());
  }

  /** Empty for what is no id of a task of ours. */
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
