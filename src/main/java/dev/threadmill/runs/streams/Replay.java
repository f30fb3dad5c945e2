package dev.threadmill.runs.streams;

import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.HandoffProjection;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.DeltaTarget;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Annotation;
import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Makes the frames of a run from the database: the event log gives the order, the rows give the
 * contents. A text that was streamed in many deltas becomes one delta.
 */
final class Replay {
  private final StoredRun stored;
  private final Map<Integer, Step> steps;
  private final Map<DeltaTarget, Integer> consumed = new HashMap<>();
  private final Map<DeltaTarget, String> callTypes = new HashMap<>();
  private final List<SseFrame> frames = new ArrayList<>();
  private EventId position = EventId.START;
  private boolean started;
  private Step lastStep;
  private Step lastCallStep;

  private Replay(StoredRun stored) {
    this.stored = stored;
    this.steps = StepStore.byOrdinal(stored.steps());
  }

  /** All frames of the run, from its start. */
  static Replay of(StoredRun stored) {
    var whole = stored.handoffTarget() == null ? stored : HandoffProjection.project(stored);
    var replay = new Replay(whole);
    whole.events().forEach(replay::add);
    return replay;
  }

  /**
   * The frames of the journal alone, for a reader in the middle of a message.
   *
   * @param seen the position of the reader, in the first entry of the journal
   * @param open the step that is open at that position, which writes the message
   */
  static Replay ofJournal(StoredRun stored, EventId seen, Step open) {
    var replay = new Replay(stored);
    replay.steps.put(open.ordinal(), open);
    long start =
        stored.journal().isEmpty() ? seen.position() : stored.journal().getFirst().position();
    replay.position =
        new EventId(
            seen.attempt(), start, seen.openStep(), seen.openMessage(), seen.beforeMessage());
    stored.journalEvents().forEach(replay::add);
    return replay;
  }

  List<SseFrame> frames() {
    return frames;
  }

  /** The position behind the last event, whether or not that event has a frame. */
  EventId end() {
    return position;
  }

  private void add(RunEvent event) {
    position = position.after(event);
    toStreamEvent(event).ifPresent(made -> frames.add(new SseFrame(position, made)));
  }

  /** Empty if the contents do not exist any more, such as those of a deleted message. */
  private Optional<StreamEvent> toStreamEvent(RunEvent event) {
    return switch (event) {
      case RunEvent.ThreadCreated _ ->
          Optional.ofNullable(stored.thread()).map(StreamEvents::threadCreated);
      case RunEvent.AttemptStarted(var attempt) ->
          Optional.of(StreamEvents.attemptStarted(attempt));
      case RunEvent.RunStatusChanged(var state) -> Optional.of(runStatus(state));
      case RunEvent.StepCreated created ->
          Optional.of(StreamEvents.stepCreated(startedStep(created)));
      case RunEvent.StepStatusChanged(var ordinal, var state) ->
          step(ordinal)
              .map(
                  step ->
                      state.equals("in_progress")
                          ? StreamEvents.stepInProgress(step)
                          : StreamEvents.stepEnded(step));
      case RunEvent.MessageStatusChanged(var ordinal, var state) ->
          step(ordinal).flatMap(step -> messageStatus(step, state));
      case RunEvent.Delta delta -> step(delta.target().step()).flatMap(step -> delta(step, delta));
      case RunEvent.AnnotationAdded(var ordinal, var index, var annotation) ->
          step(ordinal).flatMap(step -> annotationAdded(step, index, annotation));
      case RunEvent.ImageAdded(var ordinal, var index) ->
          step(ordinal).flatMap(step -> imageAdded(step, index));
      case RunEvent.CallStarted(var ordinal, var call, var name) ->
          step(ordinal).flatMap(step -> callStarted(step, call, name));
      case RunEvent.CallRouted(var ordinal, var call, _) ->
          step(ordinal)
              .flatMap(
                  step ->
                      call(step, call)
                          .filter(found -> found.routing() != null)
                          .map(found -> StreamEvents.callRouted(step, call, found)));
      case RunEvent.CallCompleted(var ordinal, var call, var output) ->
          step(ordinal).flatMap(step -> completed(step, call, output));
    };
  }

  private StreamEvent runStatus(String state) {
    var run = stored.run();
    if (state.equals("created")) {
      return StreamEvents.runCreated(run);
    }
    var status = RunStatus.valueOf(state.toUpperCase(Locale.ROOT));
    if (status == RunStatus.IN_PROGRESS) {
      started = true;
    }
    return switch (status) {
      case COMPLETED, FAILED, CANCELLED, EXPIRED, INCOMPLETE -> StreamEvents.runStatus(run);
      case REQUIRES_ACTION ->
          StreamEvents.runRequiresAction(
              run.atStatus(status, true).withUsage(usageUpTo(lastCallStep)),
              lastCallStep,
              lastCallStep == null ? List.of() : ofClient(lastCallStep));
      case QUEUED, IN_PROGRESS, CANCELLING ->
          StreamEvents.runAtStatus(run.withUsage(usageUpTo(lastStep)), status, started);
    };
  }

  /** The tokens of the model calls up to the one that this step comes from; null for none. */
  private Usage usageUpTo(Step last) {
    var usage = Usage.NONE;
    for (var step : steps.values()) {
      if (last != null && step.ordinal() <= last.ordinal() && step.usage() != null) {
        usage = usage.plus(step.usage());
      }
    }
    return usage;
  }

  /** The row of the step, or a step derived from its position if it has no row yet. */
  private Step startedStep(RunEvent.StepCreated created) {
    var step =
        steps.computeIfAbsent(
            created.step(),
            ordinal ->
                Step.started(
                    stored.run(),
                    position.attempt(),
                    ordinal,
                    created.type(),
                    StreamEvents.ofMicros(created.createdAt())));
    lastStep = step;
    if (step.type() == Step.Type.TOOL_CALLS) {
      lastCallStep = step;
    }
    return step;
  }

  private Optional<Step> step(int ordinal) {
    return Optional.ofNullable(steps.get(ordinal));
  }

  private Optional<StreamEvent> messageStatus(Step step, String state) {
    return switch (state) {
      case "created" -> Optional.of(StreamEvents.messageCreated(step, stored.run()));
      case "in_progress" -> Optional.of(StreamEvents.messageInProgress(step, stored.run()));
      default -> message(step).map(message -> StreamEvents.messageEnded(step, message));
    };
  }

  private Optional<Message> message(Step step) {
    return Optional.ofNullable(step.messageId()).map(id -> stored.messages().get(id.value()));
  }

  private Optional<StreamEvent> annotationAdded(Step step, int index, Annotation journaled) {
    if (journaled != null) {
      return Optional.of(StreamEvents.annotationAdded(step, index, journaled));
    }
    var stored = message(step).map(message -> ContentPart.annotationsOf(message.content()));
    return stored
        .filter(annotations -> index < annotations.size())
        .map(annotations -> StreamEvents.annotationAdded(step, index, annotations.get(index)));
  }

  private Optional<StreamEvent> imageAdded(Step step, int index) {
    return message(step)
        .filter(message -> index < message.content().size())
        .map(message -> message.content().get(index))
        .filter(ContentPart.ImageFile.class::isInstance)
        .map(part -> StreamEvents.imageAdded(step, index, (ContentPart.ImageFile) part));
  }

  private Optional<StreamEvent> delta(Step step, RunEvent.Delta delta) {
    var target = delta.target();
    var call = call(step, target.call()).orElse(null);
    var whole = target.text().stored(step, message(step).orElse(null), call);
    // Consumed even where the journal has the text, so that the next piece starts behind it.
    var piece = whole == null ? "" : nextPiece(target, whole, delta.length());
    var text = delta.text() != null ? delta.text() : piece;
    return text.isEmpty() ? Optional.empty() : Optional.of(toDelta(step, target, text));
  }

  private StreamEvent toDelta(Step step, DeltaTarget target, String text) {
    var arguments = DeltaTarget.of(StreamedText.ARGUMENTS, step, target.call());
    var type =
        callTypes.containsKey(arguments)
            ? callTypes.get(arguments)
            : call(step, target.call()).map(ToolCall::type).orElse("function");
    return target.text() == StreamedText.ARGUMENTS
        ? StreamEvents.delta(step, target, type, text)
        : StreamEvents.outputDelta(step, target, type, text);
  }

  private Optional<StreamEvent> callStarted(Step step, int index, String name) {
    var place = position.attempt() + "/" + step.ordinal() + "/" + index;
    var call =
        call(step, index)
            .or(
                () ->
                    Optional.ofNullable(name)
                        .map(n -> AnswerAccumulator.newCall(stored.run(), place, n)));
    call.ifPresent(
        begun -> callTypes.put(DeltaTarget.of(StreamedText.ARGUMENTS, step, index), begun.type()));
    return call.map(begun -> StreamEvents.callStarted(step, index, begun));
  }

  private Optional<StreamEvent> completed(Step step, int index, String output) {
    int before = consumed.getOrDefault(DeltaTarget.of(StreamedText.OUTPUT, step, index), 0);
    return call(step, index)
        .map(call -> output == null || !call.isOpen() ? call : call.withOutput(output))
        .filter(call -> !call.isOpen())
        .map(call -> StreamEvents.callCompleted(step, index, call, before));
  }

  private static List<ToolCall> ofClient(Step step) {
    return step.calls().stream().filter(call -> call.executor().involvesClient()).toList();
  }

  private static Optional<ToolCall> call(Step step, int index) {
    return index < step.calls().size() ? Optional.of(step.calls().get(index)) : Optional.empty();
  }

  /** The next piece of a text, behind what earlier deltas have consumed. */
  private String nextPiece(DeltaTarget target, String whole, int length) {
    int from = Math.min(consumed.getOrDefault(target, 0), whole.length());
    int to = Math.min(from + length, whole.length());
    consumed.put(target, to);
    return whole.substring(from, to);
  }
}
