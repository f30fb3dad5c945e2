package dev.threadmill.runs;

import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.runs.execution.AssistantMessages;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.routing.ResumeParent;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunEvent;
import dev.threadmill.runs.store.RunJournal;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.StepWriter;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.threads.ThreadTail;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.jboss.logging.Logger;

/**
 * Fails a run that cannot be ended in any other way, because executing it, taking it over or
 * reading it failed unexpectedly. Its stored data is neither changed nor read, so a fault of one
 * run does not affect other runs of the node, and its thread accepts new runs.
 */
@ApplicationScoped
public class AbandonRun {
  private static final Logger LOG = Logger.getLogger(AbandonRun.class);

  private final Jdbc jdbc;
  private final RunStore runs;
  private final RunTransitions transitions;
  private final StepWriter steps;
  private final RunJournal journal;
  private final ResumeParent resumeParent;
  private final ThreadTail threadTail;
  private final BudgetLedger ledger;
  private final RunSignals signals;
  private final InstantSource clock;

  public AbandonRun(
      Jdbc jdbc,
      RunStore runs,
      RunTransitions transitions,
      StepWriter steps,
      RunJournal journal,
      ResumeParent resumeParent,
      ThreadTail threadTail,
      BudgetLedger ledger,
      RunSignals signals,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.runs = runs;
    this.transitions = transitions;
    this.steps = steps;
    this.journal = journal;
    this.resumeParent = resumeParent;
    this.threadTail = threadTail;
    this.ledger = ledger;
    this.signals = signals;
    this.clock = clock;
  }

  /**
   * Commits that a run has failed, if it is active. A parent that handed off to it fails as well.
   */
  public void commitFailure(RunKey key, RunError error) {
    Optional<RunKey> next = Optional.of(key);
    while (next.isPresent()) {
      var failing = next.get();
      next = jdbc.inTransaction(tx -> fail(tx, failing, error));
    }
  }

  /** The parent, if this run answered in its place. */
  private Optional<RunKey> fail(Tx tx, RunKey key, RunError error) {
    var at = clock.instant();
    threadTail.advance(tx, key.thread(), at);
    var active = runs.lockPlain(tx, key).filter(run -> run.status().isActive());
    active.ifPresent(
        run -> {
          var end = Run.End.failed(error);
          var ended = run.ended(end, at);
          steps.failAll(
              tx,
              run,
              error.forStep(),
              ended.times().failed(),
              AssistantMessages.outputOfUnfinishedCall(end));
          // A new attempt: readers may be ahead of the log, at events that were never committed.
          var events =
              List.<RunEvent>of(
                  new RunEvent.AttemptStarted(run.attempt() + 1),
                  new RunEvent.RunStatusChanged(RunStatus.FAILED.wire()));
          transitions.endLocked(tx, ended, EventLog.format(events));
          journal.delete(tx, run);
          ledger.abandon(
              tx, run.payer(), run.id(), lostAt -> run.activity(Activity.MODEL_CALL, lostAt));
          if (run.origin() != null && !run.origin().isHandoff()) {
            resumeParent.childEnded(tx, ended);
          }
          tx.afterCommit(() -> signals.runChanged(run.id()));
          LOG.errorf("run abandoned run_id=%s reason=%s", run.id(), error.message());
        });
    return active
        .map(Run::origin)
        .filter(origin -> origin.isHandoff())
        .map(origin -> new RunKey(origin.parentThread(), origin.parent()));
  }
}
