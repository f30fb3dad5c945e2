package dev.threadmill.runs.routing;

import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.NewMessage;

/**
 * A child run that is created together with the step that calls it.
 *
 * @param call the parent's call, which names the run
 * @param run without its creation time
 * @param isNewThread whether its thread has to be created
 * @param message the message that it answers
 */
public record NewChildRun(ToolCall call, Run run, boolean isNewThread, NewMessage message) {
  /** Whether it answers in place of its parent. */
  public boolean isHandoff() {
    return run.origin().isHandoff();
  }
}
