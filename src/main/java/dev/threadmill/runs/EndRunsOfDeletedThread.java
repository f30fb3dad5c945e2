package dev.threadmill.runs;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.BudgetLedger;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/**
 * Cancels the active runs of a thread that is deleted, in the same transaction and before their
 * rows are deleted: a run that waits for one of them continues, and one that handed off to it ends.
 * A node that executes such a run commits nothing more; a signal stops it after the commit.
 */
@ApplicationScoped
@Priority(100)
class EndRunsOfDeletedThread implements ThreadLifecycle {
  private final RunStore runs;
  private final EndIdleRun endIdleRun;
  private final CancelRun cancelRun;
  private final BudgetLedger ledger;
  private final InstantSource clock;

  EndRunsOfDeletedThread(
      RunStore runs,
      EndIdleRun endIdleRun,
      CancelRun cancelRun,
      BudgetLedger ledger,
      InstantSource clock) {
    this.runs = runs;
    this.endIdleRun = endIdleRun;
    this.cancelRun = cancelRun;
    this.ledger = ledger;
    this.clock = clock;
  }

  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    runs.lockActive(tx, thread).forEach(run -> end(tx, run));
  }

  private void end(Tx tx, Run run) {
    var ended = endIdleRun.endLocked(tx, run, Run.End.CANCELLED, clock.instant());
    ledger.abandon(tx, run.payer(), run.id(), lostAt -> run.activity(Activity.MODEL_CALL, lostAt));
    tx.afterCommit(
        () -> {
          if (run.owner() != null) {
            cancelRun.stop(run.id());
          }
          cancelRun.cancelChildrenOf(ended);
        });
  }
}
