package dev.threadmill.tools;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.egress.AllowedDomains;
import java.util.function.BooleanSupplier;

/**
 * The run that a tool is called for, and what the call may do.
 *
 * @param call the same however often the call is tried, so it serves as its idempotency key
 * @param allowedDomains which hosts the assistant's tools may reach
 * @param cancelled whether the run was cancelled or has expired, so that work which continues for
 *     it on other servers is to be stopped; false if another node continues the run
 * @param remoteTaskId the id under which the receiver works on the call already, reported before a
 *     crash; null if there is none
 * @param listener takes what the call reports while it is executed
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
  /** The same call on behalf of another thread, which has no assistant. */
  public ToolContext inThread(ThreadId other) {
    return new ToolContext(
        project, null, other, run, call, allowedDomains, cancelled, remoteTaskId, listener);
  }

  /** Whether the result of the call is not needed any more. */
  public boolean isCancelled() {
    return cancelled.getAsBoolean();
  }
}
