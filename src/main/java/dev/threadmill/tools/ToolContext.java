package dev.threadmill.tools;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.egress.AllowedDomains;
import java.util.function.BooleanSupplier;

/**
 * On whose behalf a tool is called.
 *
 * @param call the same however often the call is tried, so it serves as its idempotency key
 * @param allowedDomains what the assistant's tools may reach
 * @param calledOff whether the run was cancelled or has expired, so that what goes on for it
 *     elsewhere is to be stopped; not so if another node goes on with it
 * @param begun under which name the receiver works on the call already, by what the call told
 *     before a crash; null if it did not
 * @param listener hears what the call tells while it is executed
 */
public record ToolContext(
    ProjectId project,
    AssistantId assistant,
    ThreadId thread,
    RunId run,
    ToolCallId call,
    AllowedDomains allowedDomains,
    BooleanSupplier cancelled,
    String remoteTaskId,
    ToolListener listener) {
  /** Whether nobody wants the call's result any more. */
  public boolean isCancelled() {
    return cancelled.getAsBoolean();
  }
}
