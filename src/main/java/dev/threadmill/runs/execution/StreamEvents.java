package dev.threadmill.runs.execution;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.Json;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageObject;
import dev.threadmill.threads.ThreadObject;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * Makes the stream events of a run, with names and data as the official SDKs expect them. Live
 * streams and replays both use it, so they send the same.
 */
public final class StreamEvents {
  private static final TypeReference<Map<String, Object>> JSON_OBJECT = new TypeReference<>() {};

  private StreamEvents() {}

  /** The thread that was created together with the run. */
  public static StreamEvent threadCreated(ThreadObject thread) {
    return new StreamEvent(new RunEvent.ThreadCreated(), "thread.created", thread);
  }

  /** Another attempt starts. Clients receive nothing. */
  public static StreamEvent attemptStarted(int attempt) {
    return new StreamEvent(new RunEvent.AttemptStarted(attempt), null, null);
  }

  /** The run was created. */
  public static StreamEvent runCreated(Run run) {
    return runStatus("created", run.atStatus(RunStatus.QUEUED, false), null, List.of());
  }

  /** The run in its current status. */
  public static StreamEvent runStatus(Run run) {
    return runStatus(run.status().wire(), run, null, List.of());
  }

  /**
   * The run waits for the outputs of these calls.
   *
   * @param step the step that they belong to
   */
  public static StreamEvent runRequiresAction(Run run, Step step, List<ToolCall> open) {
    return runStatus(RunStatus.REQUIRES_ACTION.wire(), run, step, open);
  }

  /**
   * The run at an earlier status, or at one that the contract requires although the run skipped it.
   *
   * @param started whether the run had been started by then
   */
  public static StreamEvent runAtStatus(Run run, RunStatus status, boolean started) {
    return runStatus(status.wire(), run.atStatus(status, started), null, List.of());
  }

  private static StreamEvent runStatus(String state, Run run, Step step, List<ToolCall> open) {
    var event = new RunEvent.RunStatusChanged(state);
    return new StreamEvent(
        event, "thread.run." + state, RunObject.of(run, open), step, null, run.withEventLog(""));
  }

  /** The step was created. */
  public static StreamEvent stepCreated(Step step) {
    var event = new RunEvent.StepCreated(step.ordinal(), step.type(), micros(step.createdAt()));
    return new StreamEvent(event, "thread.run.step.created", StepObject.inProgress(step), step);
  }

  /** The step is in progress. */
  public static StreamEvent stepInProgress(Step step) {
    var event = new RunEvent.StepStatusChanged(step.ordinal(), "in_progress");
    return new StreamEvent(event, "thread.run.step.in_progress", StepObject.inProgress(step), step);
  }

  /** The step ended. */
  public static StreamEvent stepEnded(Step step) {
    var state = step.status().wire();
    var event = new RunEvent.StepStatusChanged(step.ordinal(), state);
    return new StreamEvent(event, "thread.run.step." + state, StepObject.of(step), step);
  }

  /** The message of this step was created. */
  public static StreamEvent messageCreated(Step step, Run run) {
    return messageStatus(step, run, "created");
  }

  /** The message of this step is in progress. */
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

  /** The message of this step ended, complete or incomplete. */
  public static StreamEvent messageEnded(Step step, Message message) {
    var state = message.status().wire();
    var event = new RunEvent.MessageStatusChanged(step.ordinal(), state);
    return new StreamEvent(event, "thread.message." + state, MessageObject.of(message), step);
  }

  /** More of a text that belongs to no call, or to a call of a function. */
  public static StreamEvent delta(Step step, DeltaTarget target, String text) {
    return delta(step, target, "function", text);
  }

  /**
   * More of a text.
   *
   * @param callType the type of the call that the text belongs to
   */
  public static StreamEvent delta(Step step, DeltaTarget target, String callType, String text) {
    var data = new DeltaObject(step, target, callType, text);
    return new StreamEvent(RunEvent.Delta.of(target, text), data.eventName(), data, step);
  }

  /** The text of the step's message got an annotation; its text was published before. */
  public static StreamEvent annotationAdded(Step step, int index, Annotation annotation) {
    var indexed = JsonFields.ordered("index", index);
    indexed.putAll(Json.MAPPER.convertValue(annotation, JSON_OBJECT));
    var content =
        JsonFields.ordered(
            "index", 0, "type", "text", "text", Map.of("annotations", List.of(indexed)));
    var data =
        JsonFields.ordered(
            "id",
            step.messageId().value(),
            "object",
            "thread.message.delta",
            "delta",
            Map.of("content", List.of(content)));
    return new StreamEvent(
        new RunEvent.AnnotationAdded(step.ordinal(), index, annotation),
        "thread.message.delta",
        data,
        step);
  }

  /**
   * More of the output or the progress of a call. Calls that run code show it as logs.
   *
   * @param callType the type of the call
   */
  public static StreamEvent outputDelta(
      Step step, DeltaTarget target, String callType, String text) {
    return delta(step, target, CallObject.outputType(callType), text);
  }

  /**
   * The rest of a delta.
   *
   * @param delta an event that {@link #delta} made
   * @param from the index of its first UTF-16 unit that is still wanted
   */
  public static StreamEvent restOfDelta(StreamEvent delta, int from) {
    var whole = (DeltaObject) delta.data();
    return delta(whole.step(), whole.target(), whole.callType(), whole.text().substring(from));
  }

  /** The message of the step has this image at this index of its content. */
  public static StreamEvent imageAdded(Step step, int index, ContentPart.ImageFile image) {
    var content = JsonFields.ordered("index", index);
    content.putAll(Json.MAPPER.convertValue(image, JSON_OBJECT));
    var data =
        JsonFields.ordered(
            "id",
            step.messageId().value(),
            "object",
            "thread.message.delta",
            "delta",
            Map.of("content", List.of(content)));
    var event = new RunEvent.ImageAdded(step.ordinal(), index);
    return new StreamEvent(event, "thread.message.delta", data, step);
  }

  /** The call at this index of the step starts. */
  public static StreamEvent callStarted(Step step, int index, ToolCall call) {
    var event = new RunEvent.CallStarted(step.ordinal(), index, call.name());
    return new StreamEvent(
        event,
        "thread.run.step.delta",
        stepDelta(step, CallObject.started(index, call)),
        step,
        call,
        null);
  }

  /** The call at this index of the step was routed to another assistant. */
  public static StreamEvent callRouted(Step step, int index, ToolCall call) {
    var event = new RunEvent.CallRouted(step.ordinal(), index, call.routing());
    return new StreamEvent(
        event,
        "thread.run.step.delta",
        stepDelta(step, CallObject.routed(index, call)),
        step,
        call,
        null);
  }

  /** The call has its output; clients have received the part that was streamed. */
  public static StreamEvent callCompleted(Step step, int index, ToolCall call) {
    return callCompleted(step, index, call, call.partial().output().length());
  }

  /**
   * The call has its output.
   *
   * @param before the length of the part that clients have received, in UTF-16 units
   */
  public static StreamEvent callCompleted(Step step, int index, ToolCall call, int before) {
    var event = new RunEvent.CallCompleted(step.ordinal(), index, call.output());
    return CallObject.completed(index, call, before)
        .map(
            shown ->
                new StreamEvent(
                    event, "thread.run.step.delta", stepDelta(step, shown), step, call, null))
        .orElseGet(() -> new StreamEvent(event, null, null, step, call, null));
  }

  private static Object stepDelta(Step step, Map<String, Object> call) {
    var details = JsonFields.ordered("type", "tool_calls", "tool_calls", List.of(call));
    return JsonFields.ordered(
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
