package dev.threadmill.runs.routing;

import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.threads.NewMessage;
import java.time.Instant;

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

  /** The event of the call, of the run that makes it. */
  public Activity activity(Run parent, Instant at) {
    var to = call.routing();
    return parent
        .activity(isHandoff() ? Activity.HANDOFF : Activity.AGENT_ROUTING, at)
        .tool(call.name())
        .status("started")
        .detail("target_assistant_id", to.targetAssistantId().value())
        .detail("target_thread_id", to.threadId().value())
        .detail("target_run_id", to.runId().value())
        .build();
  }
}
