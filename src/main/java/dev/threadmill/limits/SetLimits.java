package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/** Sets and shows what a project may use. */
@ApplicationScoped
class SetLimits {
  private final Jdbc jdbc;
  private final LimitsStore store;
  private final Spending spending;
  private final KnownLimits known;
  private final Signals signals;
  private final InstantSource clock;

  SetLimits(
      Jdbc jdbc,
      LimitsStore store,
      Spending spending,
      KnownLimits known,
      Signals signals,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.store = store;
    this.spending = spending;
    this.known = known;
    this.signals = signals;
    this.clock = clock;
  }

  /**
   * The limits and what is used of them.
   *
   * @throws ApiException 404 if there is no such project
   */
  LimitsObject show(ProjectId project) {
    requireExisting(project);
    spending.clearOverdue(project);
    return LimitsObject.of(
        project,
        store.limits(project),
        store.used(project, clock.instant()),
        store.runsUnderWay(project));
  }

  /**
   * Changes the limits. They hold at once on this node, and on others as soon as they hear of it.
   *
   * @throws ApiException 404 if there is no such project
   */
  LimitsObject set(ProjectId project, ModifyLimits request) {
    requireExisting(project);
    jdbc.doInTransaction(
        tx -> {
          var changed = request.over(store.lock(tx, project));
          store.set(tx, project, changed, clock.instant());
          tx.afterCommit(
              () -> {
                known.forget(project);
                signals.send(new Signal.LimitsChanged(project));
              });
        });
    return show(project);
  }

  private void requireExisting(ProjectId project) {
    if (jdbc.one("SELECT 1 AS one FROM projects WHERE id = ?", _ -> true, project).isEmpty()) {
      throw ApiException.notFound("project", project);
    }
  }
}
