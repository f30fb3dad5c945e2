package dev.threadmill.runs.store;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;

/** The primary key of a run. */
public record RunKey(ThreadId thread, RunId run) {
  /** The key of this run. */
  public static RunKey of(Run run) {
    return new RunKey(run.threadId(), run.id());
  }
}
