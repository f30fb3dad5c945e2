package dev.threadmill.runs;

import dev.threadmill.assistants.WebhookSpec.OnUnknown;
import dev.threadmill.guard.ContentRejectedException;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.tools.ToolContext;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolResult;
import dev.threadmill.tools.ToolUnavailableException;
import dev.threadmill.tools.Toolset;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/**
 * A call that the server executes.
 *
 * @param index of the call in its step
 * @param dispatch the tool, and the arguments as they have been checked
 */
record ServerCall(int index, ToolCall call, Toolset.Dispatch.ToServer dispatch)
    implements CallResult.Job {
  private static final Logger LOG = Logger.getLogger(ServerCall.class);

  static final ToolError OUTCOME_UNKNOWN =
      ToolError.outcomeUnknown(
          "The call was interrupted. It is unknown whether the call took effect.");

  /** Executes the call; whatever fails is a result. An interrupt leaves the outcome unknown. */
  @Override
  public CallResult execute(RunExecution execution, ToolOutputBuffer buffer, InstantSource clock) {
    var run = execution.run();
    var activity = new ToolCallActivity(run, call, clock);
    try {
      var result = callTool(execution, buffer);
      var output =
          switch (result) {
            case ToolResult.Succeeded succeeded -> succeeded.text();
            case ToolResult.Failed(var error) -> error.output();
            case ToolResult.OutcomeUnknown(var error) ->
                dispatch.tool().onUnknown() == OnUnknown.ASK ? null : error.output();
          };
      return new CallResult(
          index,
          output == null ? null : buffer.completeOutput(output),
          result instanceof ToolResult.Succeeded succeeded ? buffer.parts(succeeded) : null,
          Usage.NONE,
          null,
          activity.ended(result));
    } catch (ToolUnavailableException e) {
      LOG.infof("tool not available run_id=%s cause=%s", run.id(), e.getMessage());
      return new CallResult(index, null, null, Usage.NONE, e, activity.failed("unavailable", null));
    } catch (ContentRejectedException e) {
      LOG.infof(
          "tool output rejected by a content filter run_id=%s call_id=%s", run.id(), call.id());
      return new CallResult(
              index,
              ToolError.output(
                  ContentRejectedException.CODE,
                  "The output of the call was withheld: a content filter rejected it: "
                      + e.getMessage()))
          .with(activity.failed(ContentRejectedException.CODE, Activity.CONTENT_FILTER));
    } catch (RuntimeException | Error e) {
      LOG.errorf(e, "tool failed unexpectedly run_id=%s call_id=%s", run.id(), call.id());
      return new CallResult(
              index,
              ToolError.output("server_error", "The server had an error while executing the call."))
          .with(activity.failed("server_error", null));
    }
  }

  private ToolResult callTool(RunExecution execution, ToolOutputBuffer buffer) {
    var run = execution.run();
    var context =
        new ToolContext(
            run.projectId(),
            run.assistantId(),
            run.threadId(),
            run.id(),
            call.id(),
            execution.toolset().allowedDomains(),
            () -> isCancelled(execution.live().stopReason()),
            call.partial().task().isEmpty() ? null : call.partial().task(),
            buffer);
    try {
      return dispatch.tool().execute(context, dispatch.arguments());
    } catch (InterruptedException e) {
      return new ToolResult.Failed(OUTCOME_UNKNOWN);
    }
  }

  private static boolean isCancelled(LiveRun.StopReason why) {
    return why == LiveRun.StopReason.CANCEL
        || why == LiveRun.StopReason.EXPIRE
        || why == LiveRun.StopReason.TIME_USED;
  }
}
