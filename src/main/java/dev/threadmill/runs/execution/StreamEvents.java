package dev.threadmill.runs.execution;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepReasoning;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageObject;
import dev.threadmill.threads.ThreadObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * What clients are told of the events of a run: names and data as the official SDKs expect them.
 * Live streams and replays both speak through here, so they say the same.
 */
public final class StreamEvents {
  private static final JsonStringEncoder JSON_STRING = JsonStringEncoder.getInstance();

  private StreamEvents() {}

  /** The thread that was created together with the run. */
  public static StreamEvent threadCreated(ThreadObject thread) {
    return new StreamEvent(new RunEvent.ThreadCreated(), "thread.created", thread, null);
  }

  /** Another attempt begins, of which clients are told nothing. */
  public static StreamEvent attemptStarted(int attempt) {
    return new StreamEvent(new RunEvent.AttemptStarted(attempt), null, null, null);
  }

  /** The run, which has just been created. */
  public static StreamEvent runCreated(Run run) {
    return runStatus("created", RunObject.created(run));
  }

  /** The run in the state that it is in. */
  public static StreamEvent runStatus(Run run) {
    return runStatus(run.status().wire(), RunObject.of(run, List.of()));
  }

  /** The run waits for the results of these calls. */
  public static StreamEvent runRequiresAction(Run run, List<ToolCall> open) {
    return runStatus(RunStatus.REQUIRES_ACTION.wire(), RunObject.of(run, open));
  }

  /**
   * The run in a state that it has left since, or in which it is told to be for form's sake.
   *
   * @param started whether it had been started by then
   * @param open the calls that it waited for then
   */
  public static StreamEvent runAtStatus(
      Run run, RunStatus status, boolean started, List<ToolCall> open) {
    return runStatus(status.wire(), RunObject.atStatus(run, status, started, open));
  }

  private static StreamEvent runStatus(String state, RunObject object) {
    return new StreamEvent(
        new RunEvent.RunStatusChanged(state), "thread.run." + state, object, null);
  }

  /** The step, which has just begun. */
  public static StreamEvent stepCreated(Step step) {
    var event = new RunEvent.StepCreated(step.ordinal(), step.type(), micros(step.createdAt()));
    return new StreamEvent(event, "thread.run.step.created", StepObject.inProgress(step), step);
  }

  /** The step, which is worked on. */
  public static StreamEvent stepInProgress(Step step) {
    var event = new RunEvent.StepStatusChanged(step.ordinal(), "in_progress");
    return new StreamEvent(event, "thread.run.step.in_progress", StepObject.inProgress(step), step);
  }

  /** The step in the state in which it has ended. */
  public static StreamEvent stepEnded(Step step) {
    var state = step.status().wire();
    var event = new RunEvent.StepStatusChanged(step.ordinal(), state);
    return new StreamEvent(event, "thread.run.step." + state, StepObject.of(step), step);
  }

  /** The message of this step, which has just begun. */
  public static StreamEvent messageCreated(Step step, Run run) {
    return messageStatus(step, run, "created");
  }

  /** The message of this step, which is being written. */
  public static StreamEvent messageInProgress(Step step, Run run) {
    return messageStatus(step, run, "in_progress");
  }

  private static StreamEvent messageStatus(Step step, Run run, String state) {
    var event = new RunEvent.MessageStatusChanged(step.ordinal(), state);
    return new StreamEvent(
        event,
        "thread.message." + state,
        MessageObject.of(AssistantMessages.inProgress(run, step)),
        step);
  }

  /** The message of this step, which is complete or will stay incomplete. */
  public static StreamEvent messageEnded(Step step, Message message) {
    var state = message.status().wire();
    var event = new RunEvent.MessageStatusChanged(step.ordinal(), state);
    return new StreamEvent(event, "thread.message." + state, MessageObject.of(message), step);
  }

  /** More text of a message. The JSON is put together by hand: this is the hot path of streams. */
  public static StreamEvent textDelta(Step step, String text) {
    var json =
        "{\"id\":\""
            + step.messageId()
            + "\",\"object\":\"thread.message.delta\",\"delta\":{\"content\":[{\"index\":0,"
            + "\"type\":\"text\",\"text\":{\"value\":\""
            + new String(JSON_STRING.quoteAsString(text))
            + "\"}}]}}";
    var event = new RunEvent.TextDelta(step.ordinal(), text.length(), text);
    return new StreamEvent(event, "thread.message.delta", json, step);
  }

  /** More of what the model thinks or says aside, in the form of deltas of messages. */
  public static StreamEvent reasoningDelta(Step step, StepReasoning.Kind voice, String text) {
    var json =
        "{\"id\":\""
            + step.id()
            + "\",\"object\":\"thread.run.step.delta\",\"delta\":{\""
            + voice.field()
            + "\":{\"text\":\""
            + new String(JSON_STRING.quoteAsString(text))
            + "\"}}}";
    var event = new RunEvent.ReasoningDelta(step.ordinal(), voice, text.length(), text);
    return new StreamEvent(event, "thread.run.step.delta", json, step);
  }

  /** The call at this place of the step begins. */
  public static StreamEvent callStarted(Step step, int index, ToolCall call) {
    var function = StepObject.ordered("name", call.name(), "arguments", "", "output", null);
    var started =
        StepObject.ordered(
            "index",
            index,
            "id",
            call.id().value(),
            "type",
            call.type(),
            StepObject.detailsField(call),
            function);
    var event = new RunEvent.CallStarted(step.ordinal(), index, call.name());
    return new StreamEvent(event, "thread.run.step.delta", stepDelta(step, started), step);
  }

  /** More of a call's arguments. */
  public static StreamEvent argumentsDelta(Step step, int index, String type, String text) {
    var more =
        StepObject.ordered("index", index, "type", type, "function", Map.of("arguments", text));
    var event = new RunEvent.ArgumentsDelta(step.ordinal(), index, text.length(), text);
    return new StreamEvent(event, "thread.run.step.delta", stepDelta(step, more), step);
  }

  /** The type of the call of which this event tells more arguments. */
  public static String callType(StreamEvent arguments) {
    return arguments.data() instanceof Map<?, ?> delta
            && delta.get("delta") instanceof Map<?, ?> step
            && step.get("step_details") instanceof Map<?, ?> details
            && details.get("tool_calls") instanceof List<?> calls
            && calls.getFirst() instanceof Map<?, ?> call
            && call.get("type") instanceof String type
        ? type
        : "function";
  }

  /** Another assistant works on a call of the step. */
  public static StreamEvent callRouted(Step step, int index, ToolCall call) {
    var routed = StepObject.ordered("index", index, "type", call.type());
    routed.putAll(StepObject.routing(call));
    var event = new RunEvent.CallRouted(step.ordinal(), index, call.routing());
    return new StreamEvent(event, "thread.run.step.delta", stepDelta(step, routed), step);
  }

  /** A call of the step has told more while it is executed. Only the server's own do. */
  public static StreamEvent toolOutputDelta(Step step, int index, ToolCall.Part part, String text) {
    var more =
        StepObject.ordered(
            "index", index, "type", "function", "function", Map.of(part.field(), text));
    var event = new RunEvent.ToolOutputDelta(step.ordinal(), index, part, text.length(), text);
    return new StreamEvent(event, "thread.run.step.delta", stepDelta(step, more), step);
  }

  /** A call of the step has its output, the beginning of which may have been told before. */
  public static StreamEvent callCompleted(Step step, int index, ToolCall call) {
    return callCompleted(step, index, call, call.partial().output().length());
  }

  /**
   * @param before how much of the output was told before
   */
  public static StreamEvent callCompleted(Step step, int index, ToolCall call, int before) {
    var answered =
        StepObject.ordered(
            "index",
            index,
            "type",
            call.type(),
            StepObject.detailsField(call),
            Map.of("output", call.output().substring(Math.min(before, call.output().length()))));
    var event = new RunEvent.CallCompleted(step.ordinal(), index, call.output());
    return new StreamEvent(event, "thread.run.step.delta", stepDelta(step, answered), step);
  }

  private static Object stepDelta(Step step, Map<String, Object> call) {
    var details = StepObject.ordered("type", "tool_calls", "tool_calls", List.of(call));
    return StepObject.ordered(
        "id",
        step.id().value(),
        "object",
        "thread.run.step.delta",
        "delta",
        Map.of("step_details", details));
  }

  static long micros(Instant time) {
    return time.getEpochSecond() * 1_000_000 + time.getNano() / 1_000;
  }

  /** The time that is this many microseconds after the epoch. */
  public static Instant ofMicros(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1_000L);
  }
}
