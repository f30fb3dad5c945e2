package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import jakarta.enterprise.context.ApplicationScoped;
import org.jboss.logging.Logger;

/** Cancels what nobody waits for any more: the runs below one that has ended. */
@ApplicationScoped
public class CancelChildRuns {
  private static final Logger LOG = Logger.getLogger(CancelChildRuns.class);
  private static final int MOST_AT_ONCE = 200;

  private final ChildRuns children;
  private final CancelRun cancelRun;

  CancelChildRuns(ChildRuns children, CancelRun cancelRun) {
    this.children = children;
    this.cancelRun = cancelRun;
  }

  /**
   * The run has ended, and that is committed. Those below an expired one expire with it by
   * themselves.
   */
  void afterEnd(Run ended) {
    if (ended.settings().routes()
        && ended.status() != RunStatus.COMPLETED
        && ended.status() != RunStatus.EXPIRED) {
      children.active(ended).forEach(child -> cancel(ended.projectId(), child));
    }
  }

  /** The run is to be cancelled and has handed over: it ends with the one that answers. */
  void ofHandoff(Run cancelling) {
    children.active(cancelling).forEach(child -> cancel(cancelling.projectId(), child));
  }

  /** Those whose parent ended on a node that died before it came to its children. */
  public void cancelOrphans() {
    for (var orphan : children.orphans(MOST_AT_ONCE)) {
      LOG.infof("run without a parent is cancelled run_id=%s", orphan.key().run());
      cancel(orphan.project(), orphan.key());
    }
  }

  private void cancel(ProjectId project, ChildRuns.Key child) {
    try {
      cancelRun.cancel(project, child.thread(), child.run());
    } catch (ApiException e) {
      LOG.debugf("child has ended by itself run_id=%s", child.run());
    }
  }
}
