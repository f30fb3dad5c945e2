package dev.threadmill.runs;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.memory.MemoryPolicy;
import dev.threadmill.memory.ScheduleSummary;
import dev.threadmill.runs.execution.RunExecution;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.routing.CreateChildRun;
import dev.threadmill.runs.routing.ResumeParent;
import dev.threadmill.runs.store.Continuation;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunJournal;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.telemetry.Outbox;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.ThreadTail;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;

/**
 * Commits changes of a run in one transaction, which succeeds only while the attempt that executes
 * the run owns it. Clients receive the events after the commit.
 */
@ApplicationScoped
public class AttemptCommit {
  private final Jdbc jdbc;
  private final RunStore runs;
  private final RunTransitions transitions;
  private final StepWriter steps;
  private final RunJournal journal;
  private final MessageStore messages;
  private final ThreadTail threadTail;
  private final ScheduleSummary scheduleSummary;
  private final BudgetLedger ledger;
  private final CreateChildRun createChildRun;
  private final ResumeParent resumeParent;
  private final RunSignals signals;
  private final Outbox outbox;

  public AttemptCommit(
      Jdbc jdbc,
      RunStore runs,
      RunTransitions transitions,
      StepWriter steps,
      RunJournal journal,
      MessageStore messages,
      ThreadTail threadTail,
      ScheduleSummary scheduleSummary,
      BudgetLedger ledger,
      CreateChildRun createChildRun,
      ResumeParent resumeParent,
      RunSignals signals,
      Outbox outbox) {
    this.jdbc = jdbc;
    this.runs = runs;
    this.transitions = transitions;
    this.steps = steps;
    this.journal = journal;
    this.messages = messages;
    this.threadTail = threadTail;
    this.scheduleSummary = scheduleSummary;
    this.ledger = ledger;
    this.createChildRun = createChildRun;
    this.resumeParent = resumeParent;
    this.signals = signals;
    this.outbox = outbox;
  }

  /**
   * Commits the changes. Waits for a database that cannot be reached.
   *
   * <p>Statements are deferred: if the run is not this attempt's any more, the update of its row
   * fails, and with it the rest. If the connection breaks in the commit, its outcome is unknown;
   * the second try fails as well if the first one was committed, and the row shows which.
   *
   * @return false if the attempt does not own the run any more, or if the run is to pause and is
   *     being cancelled: nothing was committed
   */
  boolean commit(RunExecution execution, StepChanges changes) {
    var run = execution.run();
    var at = execution.nextTimestamp();
    try {
      execution
          .live()
          .uninterruptibly(
              () -> {
                jdbc.runInTransactionWhenAvailable(tx -> write(tx, execution, run, at, changes));
                return null;
              });
    } catch (DatabaseException e) {
      if (!e.isFenced()) {
        throw e;
      }
      if (!wasCommitted(execution)) {
        return false;
      }
    }
    execution.markSettled();
    execution.markActivitiesCommitted();
    execution.live().countCommit();
    execution.live().events().publishCommitted(changes.events);
    if (!changes.newChildren.isEmpty()) {
      signals.workAvailable();
    }
    return true;
  }

  private boolean wasCommitted(RunExecution execution) {
    return jdbc.whenAvailable(
        () -> runs.hasCommitted(execution.run(), execution.live().commitCount() + 1));
  }

  /** The thread is locked before the run, as everywhere. */
  private void write(Tx tx, RunExecution execution, Run run, Instant at, StepChanges changes) {
    threadTail.advance(tx, run.threadId(), at);
    execution.uncommittedActivities().forEach(activity -> outbox.append(tx, activity));
    changes.newChildren.forEach(child -> outbox.append(tx, child.activity(run, at)));
    // Before the run, so that the event of its last message comes before that of its end.
    messages.insert(tx, run.projectId(), changes.newMessages, run.cause());
    writeRun(tx, execution, run, changes);
    changes.newSteps.forEach(step -> steps.insert(tx, run, step, execution.sentContext()));
    changes.updatedSteps.forEach(step -> update(tx, step));
    changes.newChildren.forEach(child -> createChildRun.insert(tx, child, at));
    if (changes.continuation == Continuation.AWAIT_CHILDREN) {
      resumeParent.resumeIfReady(tx, RunKey.of(run));
    }
    if (changes.end != null) {
      scheduleSummary(tx, execution);
      resumeParent.childEnded(tx, changes.end);
    }
    // Required even if no event is journaled yet: journaling may start before this transaction
    // locks the run.
    journal.delete(tx, run);
    execution.settle(tx, ledger);
  }

  private void writeRun(Tx tx, RunExecution execution, Run run, StepChanges changes) {
    var events = new ArrayList<>(execution.live().events().uncommitted());
    changes.events.forEach(event -> events.add(event.event()));
    var log = EventLog.format(run, events);
    int commits = execution.live().commitCount();
    if (changes.end != null) {
      transitions.end(
          tx, changes.end, commits, log, execution.toolNames(), execution.isSafetyFlagged());
    } else {
      transitions.commitStep(tx, run, commits, changes.continuation, log);
    }
  }

  private void update(Tx tx, Step step) {
    steps.setOutputs(tx, step);
    if (step.status() == Step.Status.IN_PROGRESS) {
      steps.setExecutors(tx, step);
    } else {
      steps.setEnd(tx, step);
    }
  }

  private void scheduleSummary(Tx tx, RunExecution execution) {
    var sent = execution.sentContext();
    if (sent != null && sent.window() != null) {
      var run = execution.run();
      scheduleSummary.schedule(
          tx,
          run.projectId(),
          run.threadId(),
          run.assistantId(),
          MemoryPolicy.of(run.settings().memory()),
          run.settings().model(),
          sent.window().cutBy() == null ? null : sent.window().fromTime());
    }
  }
}
