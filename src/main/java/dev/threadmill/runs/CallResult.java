package dev.threadmill.runs;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.tools.ToolUnavailableException;
import java.time.InstantSource;

/**
 * The result of a tool call.
 *
 * @param index of the call in its step
 * @param output null if its outcome is unknown and the client has to submit it
 * @param parts of the result that are not text; null for none
 * @param usage the tokens of the child run that answered it
 * @param unavailable why the tool cannot be used, so that the run fails; null if it can
 * @param activity its event; null for a call that was not executed
 */
record CallResult(
    int index,
    String output,
    ToolCall.ResultParts parts,
    Usage usage,
    ToolUnavailableException unavailable,
    Activity activity) {
  /** A result of text alone. */
  CallResult(int index, String output) {
    this(index, output, null, Usage.NONE, null, null);
  }

  /** A call of a step that the server executes. */
  interface Job {
    /** The index of the call in its step. */
    int index();

    ToolCall call();

    /** Executes the call; whatever fails is a result. */
    CallResult execute(RunExecution execution, ToolOutputBuffer buffer, InstantSource clock);
  }

  CallResult with(Activity its) {
    return new CallResult(index, output, parts, usage, unavailable, its);
  }
}
