package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.runs.store.ToolCall;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * The outputs that a client submits: the body of {@code submit_tool_outputs}.
 *
 * @param stream whether the answer is the event stream of the run from here on
 */
public record ToolOutputs(List<Output> toolOutputs, Boolean stream) {
  /** The output of one call, or its approval. */
  public record Output(String toolCallId, String output) {}

  public ToolOutputs {
    if (toolOutputs == null) {
      throw ApiException.missing("tool_outputs");
    }
    for (int i = 0; i < toolOutputs.size(); i++) {
      if (toolOutputs.get(i) == null || toolOutputs.get(i).toolCallId() == null) {
        throw ApiException.missing("tool_outputs[%d].tool_call_id".formatted(i));
      }
    }
    toolOutputs = List.copyOf(toolOutputs);
  }

  /** The output of one call. */
  static ToolOutputs of(ToolCallId call, String output) {
    return new ToolOutputs(List.of(new Output(call.value(), output)), false);
  }

  /** Whether the answer is the event stream of the run. */
  public boolean isStreamed() {
    return Boolean.TRUE.equals(stream);
  }

  /**
   * The calls with these outputs.
   *
   * @param isComplete whether there has to be an output for each call that waits for the client
   * @throws ApiException 400 if outputs are missing, given twice, or not waited for
   */
  List<ToolCall> applyTo(List<ToolCall> calls, boolean isComplete) {
    var outputs = byCall();
    requireAwaited(calls, outputs);
    if (isComplete) {
      requireComplete(calls, outputs);
    }
    return calls.stream()
        .map(
            call ->
                outputs.containsKey(call.id().value())
                    ? answered(call, outputs.get(call.id().value()))
                    : call)
        .toList();
  }

  private Map<String, String> byCall() {
    var outputs = new HashMap<String, String>();
    for (var each : toolOutputs) {
      var output = each.output() == null ? "" : each.output();
      if (outputs.put(each.toolCallId(), output) != null) {
        throw ApiException.invalid(
            "tool_outputs",
            "Invalid 'tool_outputs': '%s' is given twice.".formatted(each.toolCallId()));
      }
    }
    return outputs;
  }

  private static void requireAwaited(List<ToolCall> calls, Map<String, String> outputs) {
    var unknown = new HashSet<>(outputs.keySet());
    calls.stream()
        .filter(ToolCall::awaitsClient)
        .forEach(call -> unknown.remove(call.id().value()));
    if (!unknown.isEmpty()) {
      throw ApiException.invalid(
          "tool_outputs",
          "Invalid 'tool_outputs': the run does not wait for %s.".formatted(unknown));
    }
  }

  private static void requireComplete(List<ToolCall> calls, Map<String, String> outputs) {
    boolean isMissing =
        calls.stream()
            .anyMatch(call -> call.awaitsClient() && !outputs.containsKey(call.id().value()));
    if (isMissing) {
      throw ApiException.invalid(
          "tool_outputs",
          "Expected tool outputs for call_ids %s, got %s."
              .formatted(calls.stream().map(call -> call.id().value()).toList(), outputs.keySet()));
    }
  }

  private static ToolCall answered(ToolCall call, String output) {
    if (call.executor() != ToolCall.Executor.APPROVAL) {
      return call.withOutput(output);
    }
    return switch (Approval.of(output)) {
      case Approval.Given _ -> call.withExecutor(ToolCall.Executor.APPROVED);
      case Approval.Denied(var why) -> call.withOutput(why);
    };
  }
}
