package dev.threadmill.runs.streams;

import dev.threadmill.runs.live.Answer;
import dev.threadmill.runs.live.EventId;
import dev.threadmill.runs.live.Frame;
import dev.threadmill.runs.live.HandedOver;
import dev.threadmill.runs.live.Telling;
import dev.threadmill.runs.live.Told;
import dev.threadmill.runs.live.Turn;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.store.TapeEvent;
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
  private final Map<String, Integer> taken = new HashMap<>();
  private final Map<String, String> types = new HashMap<>();
  private final List<Frame> frames = new ArrayList<>();
  private EventId at = EventId.START;
  private boolean started;
  private Step lastCallStep;

  private Replay(StoredRun stored) {
    this.stored = stored;
    this.steps = StepStore.byOrdinal(stored.steps());
  }

  /** All frames of the run, from its beginning. */
  static Replay of(StoredRun stored) {
    var whole = stored.handedTo() == null ? stored : HandedOver.during(stored);
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
    replay.at =
        new EventId(
            seen.attempt(), start, seen.openStep(), seen.openMessage(), seen.beforeMessage());
    stored.journalEvents().forEach(replay::add);
    return replay;
  }

  List<Frame> frames() {
    return frames;
  }

  /** How far it has come, whether or not the last events could be told. */
  EventId end() {
    return at;
  }

  private void add(TapeEvent event) {
    at = at.after(event);
    tell(event).ifPresent(told -> frames.add(new Frame(at, told)));
  }

  /** Empty for what cannot be told any more, such as a message that was deleted. */
  private Optional<Told> tell(TapeEvent event) {
    return switch (event) {
      case TapeEvent.ThreadCreated _ ->
          Optional.ofNullable(stored.thread()).map(Telling::threadCreated);
      case TapeEvent.AttemptBegan(var attempt) -> Optional.of(Telling.attemptBegan(attempt));
      case TapeEvent.RunIs(var state) -> Optional.of(runIs(state));
      case TapeEvent.StepCreated created -> Optional.of(Telling.stepCreated(begun(created)));
      case TapeEvent.StepIs(var ordinal, var state) ->
          step(ordinal)
              .map(
                  step ->
                      state.equals("in_progress")
                          ? Telling.stepInProgress(step)
                          : Telling.stepEnded(step));
      case TapeEvent.MessageIs(var ordinal, var state) ->
          step(ordinal).flatMap(step -> messageIs(step, state));
      case TapeEvent.TextDelta delta -> step(delta.step()).flatMap(step -> text(step, delta));
      case TapeEvent.PieceHeard piece -> step(piece.step()).flatMap(step -> heard(step, piece));
      case TapeEvent.AsideDelta delta -> step(delta.step()).flatMap(step -> aside(step, delta));
      case TapeEvent.CallStarted(var ordinal, var call, var name) ->
          step(ordinal).flatMap(step -> callStarted(step, call, name));
      case TapeEvent.ArgumentsDelta delta ->
          step(delta.step()).flatMap(step -> arguments(step, delta));
      case TapeEvent.CallRouted(var ordinal, var call, _) ->
          step(ordinal)
              .flatMap(
                  step ->
                      call(step, call)
                          .filter(found -> found.routing() != null)
                          .map(found -> Telling.callRouted(step, call, found)));
      case TapeEvent.CallAnswered(var ordinal, var call, var output) ->
          step(ordinal).flatMap(step -> answered(step, call, output));
    };
  }

  private Told runIs(String state) {
    var run = stored.run();
    if (state.equals("created")) {
      return Telling.runCreated(run);
    }
    var status = RunStatus.valueOf(state.toUpperCase(Locale.ROOT));
    if (status == RunStatus.IN_PROGRESS) {
      started = true;
    }
    return switch (status) {
      case COMPLETED, FAILED, CANCELLED, EXPIRED, INCOMPLETE -> Telling.run(run);
      case REQUIRES_ACTION ->
          Telling.runBefore(
              run, status, true, lastCallStep == null ? List.of() : ofClient(lastCallStep));
      case QUEUED, IN_PROGRESS, CANCELLING -> Telling.runBefore(run, status, started, List.of());
    };
  }

  /** The row of the step, or what follows from its place if it has none yet. */
  private Step begun(TapeEvent.StepCreated created) {
    var step =
        steps.computeIfAbsent(
            created.step(),
            ordinal ->
                Step.begun(
                    stored.run(),
                    at.attempt(),
                    ordinal,
                    created.type(),
                    Telling.ofMicros(created.createdAt())));
    if (step.type() == Step.Type.TOOL_CALLS) {
      lastCallStep = step;
    }
    return step;
  }

  private Optional<Step> step(int ordinal) {
    return Optional.ofNullable(steps.get(ordinal));
  }

  private Optional<Told> messageIs(Step step, String state) {
    return switch (state) {
      case "created" -> Optional.of(Telling.messageCreated(step, stored.run()));
      case "in_progress" -> Optional.of(Telling.messageInProgress(step, stored.run()));
      default -> message(step).map(message -> Telling.messageEnded(step, message));
    };
  }

  private Optional<Message> message(Step step) {
    return Optional.ofNullable(stored.messages().get(step.messageId().value()));
  }

  private Optional<Told> text(Step step, TapeEvent.TextDelta delta) {
    var text =
        delta.text() != null
            ? Optional.of(delta.text())
            : message(step).map(Answer::text).map(all -> next("m" + step.ordinal(), all, delta));
    return text.map(piece -> Telling.text(step, piece));
  }

  private Optional<Told> aside(Step step, TapeEvent.AsideDelta delta) {
    var text =
        delta.text() != null
            ? Optional.of(delta.text())
            : Optional.ofNullable(step.aside().text(delta.voice()))
                .map(all -> next(delta.voice().letter() + step.ordinal(), all, delta));
    return text.map(piece -> Telling.aside(step, delta.voice(), piece));
  }

  private Optional<Told> callStarted(Step step, int index, String name) {
    var place = at.attempt() + "/" + step.ordinal() + "/" + index;
    var call =
        call(step, index)
            .or(() -> Optional.ofNullable(name).map(n -> Turn.callAt(stored.run(), place, n)));
    call.ifPresent(begun -> types.put(step.ordinal() + "." + index, begun.type()));
    return call.map(begun -> Telling.callStarted(step, index, begun));
  }

  private Optional<Told> arguments(Step step, TapeEvent.ArgumentsDelta delta) {
    var text =
        delta.text() != null
            ? Optional.of(delta.text())
            : call(step, delta.call())
                .map(call -> next(step.ordinal() + "." + delta.call(), call.arguments(), delta));
    var type = types.getOrDefault(step.ordinal() + "." + delta.call(), "function");
    return text.map(piece -> Telling.arguments(step, delta.call(), type, piece));
  }

  private Optional<Told> heard(Step step, TapeEvent.PieceHeard piece) {
    var source = piece.part().letter() + step.ordinal() + "." + piece.call();
    var stored =
        call(step, piece.call())
            .map(
                call ->
                    switch (piece.part()) {
                      case PROGRESS -> call.heard().progress();
                      case TASK -> call.heard().task();
                      case OUTPUT -> call.isOpen() ? call.heard().output() : call.output();
                    });
    // Taken even where the journal has it, so that what follows is told from there.
    var next = next(source, stored.orElse(""), piece);
    var text = piece.text() != null ? piece.text() : next;
    return text.isEmpty()
        ? Optional.empty()
        : Optional.of(Telling.pieceHeard(step, piece.call(), piece.part(), text));
  }

  private Optional<Told> answered(Step step, int index, String output) {
    int before =
        taken.getOrDefault(ToolCall.Part.OUTPUT.letter() + step.ordinal() + "." + index, 0);
    return call(step, index)
        .map(call -> output == null || !call.isOpen() ? call : call.withOutput(output))
        .filter(call -> !call.isOpen())
        .map(call -> Telling.callAnswered(step, index, call, before));
  }

  private static List<ToolCall> ofClient(Step step) {
    return step.calls().stream().filter(call -> call.executor().isAsked()).toList();
  }

  private static Optional<ToolCall> call(Step step, int index) {
    return index < step.calls().size() ? Optional.of(step.calls().get(index)) : Optional.empty();
  }

  /** The next piece of a text, of which earlier events have taken the beginning. */
  private String next(String source, String text, TapeEvent event) {
    int from = Math.min(taken.getOrDefault(source, 0), text.length());
    int to = Math.min(from + event.length(), text.length());
    taken.put(source, to);
    return text.substring(from, to);
  }
}
