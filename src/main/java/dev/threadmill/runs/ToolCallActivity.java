package dev.threadmill.runs;

import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.tools.ToolResult;
import java.time.InstantSource;

/** Makes the event of one call of a tool, with its duration from here on. */
final class ToolCallActivity {
  private final Run run;
  private final ToolCall call;
  private final InstantSource clock;
  private final long started = System.nanoTime();

  ToolCallActivity(Run run, ToolCall call, InstantSource clock) {
    this.run = run;
    this.call = call;
    this.clock = clock;
  }

  /** The event of a call that has this result. */
  Activity ended(ToolResult result) {
    return switch (result) {
      case ToolResult.Succeeded _ -> with("completed").build();
      case ToolResult.Failed(var error) -> with("failed").detail("error", error.type()).build();
      case ToolResult.OutcomeUnknown(var error) ->
          with("unknown").detail("error", error.type()).build();
    };
  }

  /**
   * The event of a call without a usable result.
   *
   * @param safetyFlag null for none
   */
  Activity failed(String error, String safetyFlag) {
    return with("failed").detail("error", error).safetyFlag(safetyFlag).build();
  }

  private Activity.Builder with(String status) {
    return run.activity(Activity.TOOL_CALL, clock.instant())
        .tool(call.name())
        .latencyMs((System.nanoTime() - started) / 1_000_000)
        .status(status)
        .detail("call_id", call.id().value())
        .detail("type", call.type());
  }
}
