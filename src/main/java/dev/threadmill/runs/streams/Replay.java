package dev.threadmill.runs.streams;

import dev.threadmill.runs.execution.AnswerAccumulator;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.HandoffProjection;
import dev.threadmill.runs.execution.SseFrame;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.threads.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Tells a stored run again: its tape gives the order, its rows the contents. What was streamed in
 * many pieces comes in one.
 */
final class Replay {
  private final StoredRun stored;
  private final Map<Integer, Step> steps;
  private final Map<String, Integer> consumed = new HashMap<>();
  private final Map<String, String> callTypes = new HashMap<>();
  private final List<SseFrame> frames = new ArrayList<>();
  private EventId position = EventId.START;
  private boolean started;
  private Step lastCallStep;

  private Replay(StoredRun stored) {
    this.stored = stored;
    this.steps = StepStore.byOrdinal(stored.steps());
  }

  /** All frames of the run, from its beginning. */
  static Replay of(StoredRun stored) {
    var whole = stored.handoffTarget() == null ? stored : HandoffProjection.project(stored);
    var replay = new Replay(whole);
    whole.events().forEach(replay::add);
    return replay;
  }

  /**
   * The frames of what the journal has of a message, and nothing of what is stored.
   *
   * @param seen a place in the first piece of the journal
   * @param open the step that is open there, which makes the message
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

  /** How far it has come, whether or not the last events could be told. */
  EventId end() {
    return position;
  }

  private void add(RunEvent event) {
    position = position.after(event);
    toStreamEvent(event).ifPresent(told -> frames.add(new SseFrame(position, told)));
  }

  /** Empty for what cannot be told any more, such as a message that was deleted. */
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
      case RunEvent.TextDelta delta -> step(delta.step()).flatMap(step -> text(step, delta));
      case RunEvent.ToolOutputDelta piece ->
          step(piece.step()).flatMap(step -> toolOutput(step, piece));
      case RunEvent.ReasoningDelta delta ->
          step(delta.step()).flatMap(step -> reasoning(step, delta));
      case RunEvent.CallStarted(var ordinal, var call, var name) ->
          step(ordinal).flatMap(step -> callStarted(step, call, name));
      case RunEvent.ArgumentsDelta delta ->
          step(delta.step()).flatMap(step -> arguments(step, delta));
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
          StreamEvents.runAtStatus(
              run, status, true, lastCallStep == null ? List.of() : ofClient(lastCallStep));
      case QUEUED, IN_PROGRESS, CANCELLING ->
          StreamEvents.runAtStatus(run, status, started, List.of());
    };
  }

  /** The row of the step, or what follows from its place if it has none yet. */
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
    return Optional.ofNullable(stored.messages().get(step.messageId().value()));
  }

  private Optional<StreamEvent> text(Step step, RunEvent.TextDelta delta) {
    var text =
        delta.text() != null
            ? Optional.of(delta.text())
            : message(step)
                .map(AssistantMessages::text)
                .map(all -> nextPiece("m" + step.ordinal(), all, delta));
    return text.map(piece -> StreamEvents.textDelta(step, piece));
  }

  private Optional<StreamEvent> reasoning(Step step, RunEvent.ReasoningDelta delta) {
    var text =
        delta.text() != null
            ? Optional.of(delta.text())
            : Optional.ofNullable(step.aside().text(delta.kind()))
                .map(all -> nextPiece(delta.kind().letter() + step.ordinal(), all, delta));
    return text.map(piece -> StreamEvents.reasoningDelta(step, delta.kind(), piece));
  }

  private Optional<StreamEvent> callStarted(Step step, int index, String name) {
    var place = position.attempt() + "/" + step.ordinal() + "/" + index;
    var call =
        call(step, index)
            .or(
                () ->
                    Optional.ofNullable(name)
                        .map(n -> AnswerAccumulator.newCall(stored.run(), place, n)));
    call.ifPresent(begun -> callTypes.put(step.ordinal() + "." + index, begun.type()));
    return call.map(begun -> StreamEvents.callStarted(step, index, begun));
  }

  private Optional<StreamEvent> arguments(Step step, RunEvent.ArgumentsDelta delta) {
    var text =
        delta.text() != null
            ? Optional.of(delta.text())
            : call(step, delta.call())
                .map(
                    call ->
                        nextPiece(step.ordinal() + "." + delta.call(), call.arguments(), delta));
    var type = callTypes.getOrDefault(step.ordinal() + "." + delta.call(), "function");
    return text.map(piece -> StreamEvents.argumentsDelta(step, delta.call(), type, piece));
  }

  private Optional<StreamEvent> toolOutput(Step step, RunEvent.ToolOutputDelta piece) {
    var source = piece.part().letter() + step.ordinal() + "." + piece.call();
    var stored =
        call(step, piece.call())
            .map(
                call ->
                    switch (piece.part()) {
                      case PROGRESS -> call.partial().progress();
                      case TASK -> call.partial().task();
                      case OUTPUT -> call.isOpen() ? call.partial().output() : call.output();
                    });
    // Taken even where the journal has it, so that what follows is told from there.
    var next = nextPiece(source, stored.orElse(""), piece);
    var text = piece.text() != null ? piece.text() : next;
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(StreamEvents.toolOutputDelta(step, piece.call(), piece.part(), text));
  }

  private Optional<StreamEvent> completed(Step step, int index, String output) {
    int before =
        consumed.getOrDefault(ToolCall.Part.OUTPUT.letter() + step.ordinal() + "." + index, 0);
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

  /** The next piece of a text, of which earlier events have taken the beginning. */
  private String nextPiece(String source, String text, RunEvent event) {
    int from = Math.min(consumed.getOrDefault(source, 0), text.length());
    int to = Math.min(from + event.length(), text.length());
    consumed.put(source, to);
    return text.substring(from, to);
  }
}
