package dev.threadmill.runs.execution;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.MessageId;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.JournalFormat;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StoredRun;
import dev.threadmill.runs.store.StreamedText;
import dev.threadmill.threads.Message;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Projects the messages of the run that answers after a handoff onto the run that was handed off,
 * as its own. Everything is derived from the events and rows of the other run and from the position
 * of the handoff, so what is streamed while the other run answers equals what is stored at its end.
 */
public final class HandoffProjection {
  private final Run run;
  private final Map<Integer, Integer> ordinals = new LinkedHashMap<>();
  private int lastOrdinal;

  /**
   * @param run the run that was handed off
   * @param lastOrdinal the ordinal of its own last step
   */
  public HandoffProjection(Run run, int lastOrdinal) {
    this.run = run;
    this.lastOrdinal = lastOrdinal;
  }

  /** The run as far as both are stored. */
  public static StoredRun project(StoredRun stored) {
    var other =
        stored.handoffTarget().handoffTarget() == null
            ? stored.handoffTarget()
            : project(stored.handoffTarget());
    // Steps are read after the run: if it ended in between, they include some that its log lacks.
    int last = lastLoggedStep(stored.run());
    var projection = new HandoffProjection(stored.run(), last);
    var events = other.events();
    int logged = EventLog.parse(other.run().eventLog()).size();
    var log =
        stored.run().eventLog()
            + EventLog.format(
                stored.run(),
                projection.events(events.subList(0, Math.min(logged, events.size()))));
    var journaled =
        projection.events(events.subList(Math.min(logged, events.size()), events.size()));
    var steps = new ArrayList<Step>();
    stored.steps().stream().filter(step -> step.ordinal() <= last).forEach(steps::add);
    steps.addAll(projection.steps(other.steps(), events, other.run().assistantId()));
    var messages = new HashMap<>(stored.messages());
    projection
        .messages(other.steps(), other.messages())
        .forEach(message -> messages.put(message.id().value(), message));
    return new StoredRun(
        stored.run().withEventLog(log),
        steps,
        messages,
        stored.thread(),
        List.of(
            new StoredRun.JournalEntry(
                EventLog.length(EventLog.parse(log)),
                stored.run().attempt(),
                Json.write(journaled.stream().map(JournalFormat::format).toList()),
                true)),
        null);
  }

  private static int lastLoggedStep(Run run) {
    int last = 0;
    for (var event : EventLog.parse(run.eventLog())) {
      if (event instanceof RunEvent.StepCreated(var step, var _, var _)) {
        last = Math.max(last, step);
      }
    }
    return last;
  }

  /**
   * The next events of the other run as events of this one. Events that are not about messages are
   * dropped.
   */
  public List<RunEvent> events(List<RunEvent> others) {
    var own = new ArrayList<RunEvent>();
    for (var event : others) {
      switch (event) {
        case RunEvent.StepCreated(var step, var type, var at)
            when type == Step.Type.MESSAGE_CREATION -> {
          ordinals.put(step, ++lastOrdinal);
          own.add(new RunEvent.StepCreated(lastOrdinal, type, at));
        }
        case RunEvent.StepStatusChanged(var step, var state) when ordinals.containsKey(step) ->
            own.add(new RunEvent.StepStatusChanged(ordinals.get(step), state));
        case RunEvent.MessageStatusChanged(var step, var state) when ordinals.containsKey(step) ->
            own.add(new RunEvent.MessageStatusChanged(ordinals.get(step), state));
        case RunEvent.Delta(var target, var length, var text)
            when target.text().scope() != StreamedText.Scope.CALL
                && ordinals.containsKey(target.step()) ->
            own.add(new RunEvent.Delta(target.inStep(ordinals.get(target.step())), length, text));
        case RunEvent.AnnotationAdded(var step, var index, var annotation)
            when ordinals.containsKey(step) ->
            own.add(new RunEvent.AnnotationAdded(ordinals.get(step), index, annotation));
        case RunEvent.ImageAdded(var step, var index) when ordinals.containsKey(step) ->
            own.add(new RunEvent.ImageAdded(ordinals.get(step), index));
        case RunEvent.StepCreated _,
            RunEvent.StepStatusChanged _,
            RunEvent.MessageStatusChanged _,
            RunEvent.AnnotationAdded _,
            RunEvent.ImageAdded _,
            RunEvent.Delta _,
            RunEvent.ThreadCreated _,
            RunEvent.RunStatusChanged _,
            RunEvent.CallStarted _,
            RunEvent.CallRouted _,
            RunEvent.CallCompleted _,
            RunEvent.AttemptStarted _ -> {
          // Not projected: only the events of the other run show these.
        }
      }
    }
    return own;
  }

  /**
   * The steps of the messages that {@link #events} has seen, including the open one.
   *
   * @param speaker the assistant of the other run
   */
  public List<Step> steps(List<Step> others, List<RunEvent> events, AssistantId speaker) {
    var rows = StepStore.byOrdinal(others);
    var own = new ArrayList<Step>();
    for (var event : events) {
      if (event instanceof RunEvent.StepCreated(var step, var type, var at)
          && ordinals.containsKey(step)) {
        var begun =
            Step.started(run, run.attempt(), ordinals.get(step), type, StreamEvents.ofMicros(at));
        own.add(rows.containsKey(step) ? projected(rows.get(step)) : begun.withAssistant(speaker));
      }
    }
    return own;
  }

  /** The messages of these steps that are stored. */
  public List<Message> messages(List<Step> others, Map<String, Message> stored) {
    var own = new ArrayList<Message>();
    for (var step : others) {
      if (ordinals.containsKey(step.ordinal())
          && stored.get(step.messageId().value()) instanceof Message message) {
        own.add(projected(message, messageId(ordinals.get(step.ordinal()))));
      }
    }
    return own;
  }

  private Step projected(Step other) {
    return other.projectedTo(run, ordinals.get(other.ordinal()));
  }

  private MessageId messageId(int ordinal) {
    return new MessageId(Ids.derive(MessageId.PREFIX, run.id(), run.attempt() + "/" + ordinal));
  }

  private Message projected(Message other, MessageId id) {
    return new Message(
        run.threadId(),
        id,
        other.createdAt(),
        other.state(),
        other.role(),
        other.content(),
        other.attachments(),
        other.metadata(),
        other.assistantId(),
        run.id(),
        other.tokens());
  }
}
