package dev.threadmill.runs.live;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.StepId;
import dev.threadmill.runs.store.JournalEvent;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.store.Tape;
import dev.threadmill.runs.store.TapeEvent;
import dev.threadmill.threads.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run that has handed over says: the messages of the run that answers in its place, as if
 * they were its own. Everything follows from the other run's events and rows and from the place of
 * the hand-over, so what is told while the other one speaks is what is stored when it has ended.
 */
public final class HandedOver {
  private final Run run;
  private final Map<Integer, Integer> ordinals = new LinkedHashMap<>();
  private int lastOrdinal;

  /**
   * @param run the one that has handed over
   * @param lastOrdinal of its own last step
   */
  public HandedOver(Run run, int lastOrdinal) {
    this.run = run;
    this.lastOrdinal = lastOrdinal;
  }

  /** The run as far as both have come. */
  public static StoredRun during(StoredRun stored) {
    var other =
        stored.handedTo().handedTo() == null ? stored.handedTo() : during(stored.handedTo());
    // Steps are read after the run: if it has ended in between, they are more than its tape knows.
    int last = lastOnTape(stored.run());
    var handed = new HandedOver(stored.run(), last);
    var events = other.events();
    int onTape = Tape.parse(other.run().tape()).size();
    var tape =
        stored.run().tape()
            + Tape.format(handed.events(events.subList(0, Math.min(onTape, events.size()))));
    var beyond = handed.events(events.subList(Math.min(onTape, events.size()), events.size()));
    var steps = new ArrayList<Step>();
    stored.steps().stream().filter(step -> step.ordinal() <= last).forEach(steps::add);
    steps.addAll(handed.steps(other.steps(), events, other.run().assistantId()));
    var messages = new HashMap<>(stored.messages());
    handed
        .messages(other.steps(), other.messages())
        .forEach(message -> messages.put(message.id().value(), message));
    return new StoredRun(
        stored.run().withTape(tape),
        steps,
        messages,
        stored.thread(),
        List.of(
            new StoredRun.JournalPiece(
                Tape.length(Tape.parse(tape)),
                stored.run().attempt(),
                Json.write(beyond.stream().map(JournalEvent::format).toList()),
                true)),
        null);
  }

  private static int lastOnTape(Run run) {
    int last = 0;
    for (var event : Tape.parse(run.tape())) {
      if (event instanceof TapeEvent.StepCreated(var step, var _, var _)) {
        last = Math.max(last, step);
      }
    }
    return last;
  }

  /**
   * The other run's further events in terms of this one; what is not about messages is left out.
   */
  public List<TapeEvent> events(List<TapeEvent> others) {
    var own = new ArrayList<TapeEvent>();
    for (var event : others) {
      switch (event) {
        case TapeEvent.StepCreated(var step, var type, var at)
            when type == Step.Type.MESSAGE_CREATION -> {
          ordinals.put(step, ++lastOrdinal);
          own.add(new TapeEvent.StepCreated(lastOrdinal, type, at));
        }
        case TapeEvent.StepIs(var step, var state) when ordinals.containsKey(step) ->
            own.add(new TapeEvent.StepIs(ordinals.get(step), state));
        case TapeEvent.MessageIs(var step, var state) when ordinals.containsKey(step) ->
            own.add(new TapeEvent.MessageIs(ordinals.get(step), state));
        case TapeEvent.TextDelta(var step, var length, var text) when ordinals.containsKey(step) ->
            own.add(new TapeEvent.TextDelta(ordinals.get(step), length, text));
        case TapeEvent.AsideDelta(var step, var voice, var length, var text)
            when ordinals.containsKey(step) ->
            own.add(new TapeEvent.AsideDelta(ordinals.get(step), voice, length, text));
        case TapeEvent.StepCreated _,
            TapeEvent.StepIs _,
            TapeEvent.MessageIs _,
            TapeEvent.TextDelta _,
            TapeEvent.AsideDelta _,
            TapeEvent.PieceHeard _,
            TapeEvent.ThreadCreated _,
            TapeEvent.RunIs _,
            TapeEvent.CallStarted _,
            TapeEvent.ArgumentsDelta _,
            TapeEvent.CallRouted _,
            TapeEvent.CallAnswered _,
            TapeEvent.AttemptBegan _ -> {
          // How the answer came about stands in the other run.
        }
      }
    }
    return own;
  }

  /**
   * The steps of the messages that {@link #events} has met, the open one included.
   *
   * @param speaker the other run's assistant
   */
  public List<Step> steps(List<Step> others, List<TapeEvent> events, AssistantId speaker) {
    var rows = StepStore.byOrdinal(others);
    var own = new ArrayList<Step>();
    for (var event : events) {
      if (event instanceof TapeEvent.StepCreated(var step, var type, var at)
          && ordinals.containsKey(step)) {
        var begun = Step.begun(run, run.attempt(), ordinals.get(step), type, Telling.ofMicros(at));
        own.add(rows.containsKey(step) ? own(rows.get(step)) : begun.by(speaker));
      }
    }
    return own;
  }

  /** Those of the messages that are stored. */
  public List<Message> messages(List<Step> others, Map<String, Message> stored) {
    var own = new ArrayList<Message>();
    for (var step : others) {
      if (ordinals.containsKey(step.ordinal())
          && stored.get(step.messageId().value()) instanceof Message message) {
        own.add(own(message, messageId(ordinals.get(step.ordinal()))));
      }
    }
    return own;
  }

  private Step own(Step other) {
    int ordinal = ordinals.get(other.ordinal());
    return new Step(
        new StepId(Ids.derive(StepId.PREFIX, run.id(), run.attempt() + "/" + ordinal)),
        run.threadId(),
        run.id(),
        other.assistantId(),
        ordinal,
        other.type(),
        other.status(),
        other.createdAt(),
        other.endedAt(),
        other.lastError(),
        messageId(ordinal),
        List.of(),
        other.aside().shown(),
        other.usage());
  }

  private MessageId messageId(int ordinal) {
    return new MessageId(Ids.derive(MessageId.PREFIX, run.id(), run.attempt() + "/" + ordinal));
  }

  private Message own(Message other, MessageId id) {
    return new Message(
        run.threadId(),
        id,
        other.createdAt(),
        other.status(),
        other.incompleteReason(),
        other.completedAt(),
        other.incompleteAt(),
        other.role(),
        other.content(),
        other.attachments(),
        other.metadata(),
        other.assistantId(),
        run.id(),
        other.tokens());
  }
}
