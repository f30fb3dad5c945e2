package dev.threadmill.runs.maintenance;

import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunJournal;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.RunWorkQueue.OrphanedRun;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.ThreadTail;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes this node the owner of a run whose owner does not execute it, in the transaction of the
 * caller. A step that the previous owner left open is ended as failed.
 */
@ApplicationScoped
public class ReclaimRun {
  private final RunStore runs;
  private final RunTransitions transitions;
  private final RunJournal journal;
  private final StepWriter stepWriter;
  private final MessageStore messages;
  private final ThreadTail threadTail;
  private final BudgetLedger ledger;
  private final NodeLease node;
  private final InstantSource clock;

  public ReclaimRun(
      RunStore runs,
      RunTransitions transitions,
      RunJournal journal,
      StepWriter stepWriter,
      MessageStore messages,
      ThreadTail threadTail,
      BudgetLedger ledger,
      NodeLease node,
      InstantSource clock) {
    this.runs = runs;
    this.transitions = transitions;
    this.journal = journal;
    this.stepWriter = stepWriter;
    this.messages = messages;
    this.threadTail = threadTail;
    this.ledger = ledger;
    this.node = node;
    this.clock = clock;
  }

  /**
   * The run with its new owner.
   *
   * @param position in its event log before the claim
   * @param events what the claim added behind that position
   */
  record Reclaimed(Run run, EventId position, List<StreamEvent> events) {}

  /**
   * Raises the attempt, so that the previous owner can commit nothing more, then ends the step that
   * it left open. Empty if the run has another owner or attempt meanwhile.
   */
  Optional<Reclaimed> reclaim(Tx tx, OrphanedRun orphan) {
    threadTail.advance(tx, orphan.key().thread(), clock.instant());
    return runs.lock(tx, orphan.key().thread(), orphan.key().run())
        .filter(run -> orphan.owner().equals(run.owner()))
        .filter(run -> run.attempt() == orphan.attempt())
        .map(run -> reclaim(tx, run));
  }

  private Reclaimed reclaim(Tx tx, Run run) {
    var uncommitted = journal.uncommitted(tx, run);
    stepWriter.setPartialOutputs(tx, run, uncommitted);
    journal.delete(tx, run);
    var position = EventId.endOf(run);
    for (var event : uncommitted) {
      position = position.after(event);
    }
    var claimed = run.claimed(node.id(), run.attempt() + 1, clock.instant());
    if (run.status() == RunStatus.CANCELLING) {
      claimed = claimed.withStatus(RunStatus.CANCELLING);
    }
    // The new attempt starts first: readers may be ahead of the journal, at events that are lost.
    var events = new ArrayList<StreamEvent>();
    events.add(StreamEvents.attemptStarted(claimed.attempt()));
    InterruptedStep.of(run, uncommitted).ifPresent(step -> events.addAll(endStep(tx, run, step)));
    var logged = new ArrayList<RunEvent>(uncommitted);
    events.forEach(event -> logged.add(event.event()));
    transitions.claim(tx, claimed, EventLog.format(run, logged));
    ledger.abandon(tx, run.payer(), run.id(), lostAt -> run.activity(Activity.MODEL_CALL, lostAt));
    return new Reclaimed(claimed, position, events);
  }

  private List<StreamEvent> endStep(Tx tx, Run run, InterruptedStep interrupted) {
    var error = RunError.server(AssistantMessages.INTERRUPTED);
    var step =
        interrupted.step().with(Usage.NONE).ended(Step.Status.FAILED, clock.instant(), error);
    var events = new ArrayList<StreamEvent>();
    if (interrupted.isMessageBegun()) {
      var message =
          AssistantMessages.interrupted(
              run,
              step,
              interrupted.text(),
              interrupted.annotations(),
              interrupted.refusal(),
              step.endedAt());
      messages.insert(tx, run.projectId(), List.of(message), run.cause());
      events.add(StreamEvents.messageEnded(step, message));
    }
    stepWriter.insert(tx, run, step, null);
    events.add(StreamEvents.stepEnded(step));
    return events;
  }
}
