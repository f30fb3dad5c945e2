package dev.threadmill.runs.routing;

import dev.threadmill.db.Tx;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunTransitions;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;

/**
 * Continues the parent of a child run that has ended, in the same transaction.
 *
 * <p>Lock order: a child run before its parent. Changes from a parent to its children, such as a
 * cancellation, use separate transactions.
 */
@ApplicationScoped
public class ResumeParent {
  private final RunTransitions runs;
  private final CompleteHandoff completeHandoff;
  private final RunSignals signals;

  public ResumeParent(RunTransitions runs, CompleteHandoff completeHandoff, RunSignals signals) {
    this.runs = runs;
    this.completeHandoff = completeHandoff;
    this.signals = signals;
  }

  /**
   * A run has ended in this transaction. If it was the last child that its parent waited for, the
   * parent may be claimed; if it answered in place of its parent, the parent ends with it.
   */
  public void childEnded(Tx tx, Run child) {
    var ended = Optional.of(child);
    while (ended.isPresent() && ended.get().origin() != null) {
      var origin = ended.get().origin();
      if (!origin.isHandoff()) {
        resumeIfReady(tx, new RunKey(origin.parentThread(), origin.parent()));
        return;
      }
      ended = completeHandoff.complete(tx, ended.get());
    }
  }

  /** Makes a run claimable if it waits for its children and none of them is active. */
  public void resumeIfReady(Tx tx, RunKey parent) {
    if (runs.wakeIfChildrenEnded(tx, parent)) {
      tx.afterCommit(signals::workAvailable);
    }
  }
}
