package dev.threadmill.runs.routing;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.MessageId;
import dev.threadmill.db.Tx;
import dev.threadmill.runs.execution.HandoffProjection;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.threads.Message;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.ThreadTail;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Ends a run that has handed off, in the transaction that ends the run that answers in its place,
 * and in the same way. It takes over the messages of that run, and the assistant that answered
 * becomes the assistant of its thread.
 */
@ApplicationScoped
public class CompleteHandoff {
  private final RunStore runs;
  private final RunTransitions transitions;
  private final StepStore steps;
  private final StepWriter stepWriter;
  private final MessageStore messages;
  private final ThreadTail threadTail;
  private final RunSignals signals;

  public CompleteHandoff(
      RunStore runs,
      RunTransitions transitions,
      StepStore steps,
      StepWriter stepWriter,
      MessageStore messages,
      ThreadTail threadTail,
      RunSignals signals) {
    this.runs = runs;
    this.transitions = transitions;
    this.steps = steps;
    this.stepWriter = stepWriter;
    this.messages = messages;
    this.threadTail = threadTail;
    this.signals = signals;
  }

  /**
   * Ends the parent of a run that answered in its place.
   *
   * @param answering the run that has ended, with its final row, steps and messages
   * @return the parent; empty if it had ended before
   */
  Optional<Run> complete(Tx tx, Run answering) {
    var origin = answering.origin();
    var target = runs.lock(tx, answering.threadId(), answering.id()).orElseThrow();
    var targetSteps = steps.ofRun(tx, target);
    var at = targetSteps.isEmpty() ? target.times().created() : targetSteps.getLast().createdAt();
    threadTail.advance(tx, origin.parentThread(), at);
    return runs.lock(tx, origin.parentThread(), origin.parent())
        .filter(run -> run.status().isActive())
        .map(run -> complete(tx, run, target, targetSteps, answering));
  }

  private Run complete(Tx tx, Run run, Run target, List<Step> targetSteps, Run answering) {
    var projection = new HandoffProjection(run, steps.ofRun(tx, run).getLast().ordinal());
    var targetEvents = EventLog.parse(target.eventLog());
    var events = new ArrayList<>(projection.events(targetEvents));
    var projectedSteps = projection.steps(targetSteps, targetEvents, target.assistantId());
    messages.insert(
        tx,
        run.projectId(),
        projection.messages(targetSteps, messagesOf(tx, target, targetSteps)),
        run.cause());
    projectedSteps.forEach(step -> stepWriter.insert(tx, run, step, null));

    var end = new Run.End(answering.status(), answering.lastError(), answering.incompleteReason());
    if (end.status() == RunStatus.CANCELLED) {
      events.add(new RunEvent.RunStatusChanged(RunStatus.CANCELLING.wire()));
    }
    events.add(new RunEvent.RunStatusChanged(end.status().wire()));
    var ended =
        run.withUsage(run.usage().plus(answering.usage())).ended(end, endOf(answering.times()));
    transitions.endLocked(tx, ended, EventLog.format(run, events));
    if (end.status() == RunStatus.COMPLETED) {
      threadTail.setAssistant(
          tx, run.threadId(), lastSpeaker(projectedSteps, target.assistantId()));
    }
    tx.afterCommit(() -> signals.runChanged(run.id()));
    return ended;
  }

  private static Instant endOf(Run.Times times) {
    if (times.completed() != null) {
      return times.completed();
    }
    if (times.failed() != null) {
      return times.failed();
    }
    return times.cancelled() != null ? times.cancelled() : times.expires();
  }

  private Map<String, Message> messagesOf(Tx tx, Run run, List<Step> stepsOfRun) {
    var found = new HashMap<String, Message>();
    List<MessageId> ids =
        stepsOfRun.stream().map(Step::messageId).filter(Objects::nonNull).toList();
    messages
        .findAll(tx, run.threadId(), ids)
        .forEach(message -> found.put(message.id().value(), message));
    return found;
  }

  private static AssistantId lastSpeaker(List<Step> steps, AssistantId otherwise) {
    return steps.isEmpty() ? otherwise : steps.getLast().assistantId();
  }
}
