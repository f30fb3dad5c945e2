package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.RunSignals;
import dev.threadmill.runs.store.ChildRunStore;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/**
 * Cancels a run in any active status. A run that no node executes ends at once; a run that a node
 * executes is marked, and that node stops its model call when it receives the signal. A run that
 * has handed off is marked, and the run that answers in its place is cancelled. The children of a
 * run that ends without completing are cancelled with it.
 */
@ApplicationScoped
public class CancelRun {
  private static final Logger LOG = Logger.getLogger(CancelRun.class);
  private static final int MAX_CHILDREN_AT_ONCE = 200;

  private final RunStore runs;
  private final RunTransitions transitions;
  private final ChildRunStore children;
  private final EndIdleRun endIdleRun;
  private final LocalRuns localRuns;
  private final RunSignals signals;
  private final InstantSource clock;

  public CancelRun(
      RunStore runs,
      RunTransitions transitions,
      ChildRunStore children,
      EndIdleRun endIdleRun,
      LocalRuns localRuns,
      RunSignals signals,
      InstantSource clock) {
    this.runs = runs;
    this.transitions = transitions;
    this.children = children;
    this.endIdleRun = endIdleRun;
    this.localRuns = localRuns;
    this.signals = signals;
    this.clock = clock;
  }

  /**
   * Cancels a run.
   *
   * @return the run in status {@code cancelling}, which clients expect first
   * @throws ApiException 404 if there is no such run; 400 if it has ended
   */
  public Run cancel(ProjectId project, ThreadId thread, RunId id) {
    // The owner of a run may change between two reads. The loop is finite because each run ends.
    while (true) {
      var marked = transitions.requestCancel(project, thread, id);
      if (marked.isPresent() && marked.get().owner() == null) {
        cancelActiveChildren(marked.get());
        return marked.get();
      }
      if (marked.isPresent()) {
        stop(id);
        return marked.get();
      }
      var run = runs.get(project, thread, id);
      if (run.status().isTerminal()) {
        throw ApiException.invalidState(
            "Cannot cancel run with status '%s'.".formatted(run.status().wire()));
      }
      if (run.owner() == null) {
        var ended = endIdleRun.commitEnd(thread, id, Run.End.CANCELLED, clock.instant());
        if (ended.isPresent()) {
          cancelChildrenOf(ended.get());
          return run.withStatus(RunStatus.CANCELLING);
        }
      }
    }
  }

  /** Stops the execution of a run that is cancelled, on whichever node it is. */
  void stop(RunId id) {
    localRuns
        .find(id)
        .ifPresentOrElse(
            live -> live.stop(LiveRun.StopReason.CANCEL), () -> signals.cancelRequested(id));
  }

  /**
   * Cancels the children of a run that has ended without completing. Those of an expired run expire
   * by themselves.
   */
  public void cancelChildrenOf(Run ended) {
    if (ended.settings().canRoute()
        && ended.status() != RunStatus.COMPLETED
        && ended.status() != RunStatus.EXPIRED) {
      cancelActiveChildren(ended);
    }
  }

  private void cancelActiveChildren(Run parent) {
    children.active(parent).forEach(child -> cancelIfActive(parent.projectId(), child));
  }

  /** Cancels children whose parent ended on a node that stopped before it cancelled them. */
  public void cancelChildrenOfEndedRuns() {
    for (var child : children.childrenOfEndedRuns(MAX_CHILDREN_AT_ONCE)) {
      LOG.infof("run without a parent is cancelled run_id=%s", child.key().run());
      cancelIfActive(child.project(), child.key());
    }
  }

  private void cancelIfActive(ProjectId project, RunKey run) {
    try {
      cancel(project, run.thread(), run.run());
    } catch (ApiException e) {
      LOG.debugf("run ended before it was cancelled run_id=%s", run.run());
    }
  }
}
