package dev.threadmill.runs.execution;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.threadmill.api.Json;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.testing.EventAccumulator;
import dev.threadmill.testing.StoredRuns;
import dev.threadmill.tools.ToolResult;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The deltas of a call that runs code, put together as SDKs do it, are the call in its step. */
class CodeCallObjectTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      textBlock =
          """
          print(1)           | 1              | 1 and more | file-1
          a = "\\"☔\\n"       | -              | text       | -
          x                  | half, "quoted" | -          | file-1
          plot()             | -              | -          | file-1
          """)
  void deltasAndStepShowTheSame(String code, String streamed, String rest, String figure) {
    var step = Step.started(StoredRuns.run(false), 1, 1, Step.Type.TOOL_CALLS, Instant.EPOCH);
    var call =
        ToolCall.started(
            new ToolCallId("call_1"), ToolSpec.CodeInterpreter.TYPE, "code_interpreter");
    var all = new EventAccumulator();
    add(all, StreamEvents.stepCreated(step));
    add(all, StreamEvents.callStarted(step, 0, call));
    for (var piece : List.of(code.substring(0, 1), code.substring(1))) {
      if (!piece.isEmpty()) {
        var target = DeltaTarget.of(StreamedText.ARGUMENTS, step, 0);
        add(all, StreamEvents.delta(step, target, call.type(), piece));
      }
    }
    call = call.withMoreArguments(code);
    if (streamed != null) {
      var target = DeltaTarget.of(StreamedText.OUTPUT, step, 0);
      add(all, StreamEvents.outputDelta(step, target, call.type(), streamed));
      call = call.withPartial(new ToolCall.Partial(streamed, "", ""));
    }
    assertThat(all.firstStep().at("/step_details/tool_calls/0")).isEqualTo(inStep(step, call));

    var whole = (streamed == null ? "" : streamed) + (rest == null ? "" : rest);
    call = call.withOutput(whole).withParts(parts(figure));
    add(all, StreamEvents.callCompleted(step, 0, call));

    assertThat(all.firstStep().at("/step_details/tool_calls/0")).isEqualTo(inStep(step, call));
    assertThat(Json.read(call.argumentsAsJson(), JsonNode.class).path("code").asText())
        .isEqualTo(code);
  }

  private static ToolCall.ResultParts parts(String figure) {
    if (figure == null) {
      return null;
    }
    var data = JsonNodeFactory.instance.objectNode().put("file_id", figure);
    return new ToolCall.ResultParts(
        List.of(new ToolResult.Detail("image", "image/png", data)), List.of());
  }

  private static JsonNode inStep(Step step, ToolCall call) {
    return json(StepObject.of(step.with(List.of(call)))).at("/step_details/tool_calls/0");
  }

  private static void add(EventAccumulator all, StreamEvent event) {
    var data =
        event.data() instanceof DeltaObject delta
            ? Json.read(delta.json(), JsonNode.class)
            : json(event.data());
    all.add(event.name(), data);
  }

  private static JsonNode json(Object object) {
    return Json.read(Json.write(object), JsonNode.class);
  }
}
