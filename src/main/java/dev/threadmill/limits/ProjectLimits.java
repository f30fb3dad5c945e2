package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;

/** Sets and shows what a project may use. */
@ApplicationScoped
class ProjectLimits {
  private final Jdbc jdbc;
  private final LimitsStore store;
  private final BudgetLedger spending;
  private final LimitsCache known;
  private final Signals signals;
  private final InstantSource clock;

  ProjectLimits(
      Jdbc jdbc,
      LimitsStore store,
      BudgetLedger spending,
      LimitsCache known,
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
  LimitsObject get(ProjectId project) {
    requireExisting(project);
    spending.expireReservations(project);
    return LimitsObject.of(
        project,
        store.limits(project),
        store.usage(project, clock.instant()),
        store.activeRuns(project));
  }

  /**
   * Changes the limits. They hold at once on this node, and on others as soon as they hear of it.
   *
   * @throws ApiException 404 if there is no such project
   */
  LimitsObject update(ProjectId project, ModifyLimits request) {
    requireExisting(project);
    jdbc.runInTransaction(
        tx -> {
          var changed = request.applyTo(store.lock(tx, project));
          store.set(tx, project, changed, clock.instant());
          tx.afterCommit(
              () -> {
                known.invalidate(project);
                signals.send(new LimitsChanged(project));
              });
        });
    return get(project);
  }

  private void requireExisting(ProjectId project) {
    if (jdbc.one("SELECT 1 AS one FROM projects WHERE id = ?", _ -> true, project).isEmpty()) {
      throw ApiException.notFound("project", project);
    }
  }
}
