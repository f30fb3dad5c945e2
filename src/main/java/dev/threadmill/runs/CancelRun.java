package dev.threadmill.runs;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.RunStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/**
 * Cancels a run in any active status. What nobody executes ends at once; what a node executes is
 * marked, and that node stops its model call as soon as it hears of it. What has handed over is
 * marked, and the one that answers is cancelled.
 */
@ApplicationScoped
public class CancelRun {
  private final Jdbc jdbc;
  private final RunStore runs;
  private final EndIdleRun endIdleRun;
  private final CancelChildRuns stopChildren;
  private final LocalRuns liveRuns;
  private final RunSignals signals;
  private final InstantSource clock;

  CancelRun(
      Jdbc jdbc,
      RunStore runs,
      EndIdleRun endIdleRun,
      CancelChildRuns stopChildren,
      LocalRuns liveRuns,
      RunSignals signals,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.runs = runs;
    this.endIdleRun = endIdleRun;
    this.stopChildren = stopChildren;
    this.liveRuns = liveRuns;
    this.signals = signals;
    this.clock = clock;
  }

  /**
   * The run as it is being cancelled, which is how clients expect to see it first.
   *
   * @throws ApiException 404 if there is no such run; 400 if it has ended
   */
  public Run cancel(ProjectId project, ThreadId thread, RunId id) {
    // A run may change hands between two looks, but not for ever: it ends.
    while (true) {
      var marked =
          jdbc.updateReturningOne(
              """
              UPDATE runs SET status = 'cancelling'
              WHERE thread_id = ? AND id = ? AND project_id = ?
                AND (owner IS NOT NULL OR routing = 'handed') AND status IN ('in_progress', 'cancelling')
              RETURNING
              """
                  + RunStore.COLUMNS,
              RunStore::read,
              thread,
              id,
              project);
      if (marked.isPresent() && marked.get().owner() == null) {
        stopChildren.ofHandoff(marked.get());
        return marked.get();
      }
      if (marked.isPresent()) {
        liveRuns
            .find(id)
            .ifPresentOrElse(
                live -> live.stop(LiveRun.StopReason.CANCEL), () -> signals.cancelRequested(id));
        return marked.get();
      }
      var run = runs.get(project, thread, id);
      if (run.status().isTerminal()) {
        throw ApiException.invalidState(
            "Cannot cancel run with status '%s'.".formatted(run.status().wire()));
      }
      if (run.owner() == null
          && endIdleRun.end(thread, id, Run.End.CANCELLED, clock.instant()).isPresent()) {
        return run.withStatus(RunStatus.CANCELLING);
      }
    }
  }
}
