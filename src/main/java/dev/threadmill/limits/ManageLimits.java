package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.Field;
import dev.threadmill.api.ProjectId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;

/** Shows and changes the limits of projects and API keys, which have to exist. */
@ApplicationScoped
class ManageLimits {
  private final Jdbc jdbc;
  private final LimitsStore store;
  private final BudgetLedger ledger;
  private final ActiveRuns activeRuns;
  private final LimitsCache cache;
  private final Signals signals;
  private final InstantSource clock;
  private final FileQuota files;

  ManageLimits(
      Jdbc jdbc,
      LimitsStore store,
      BudgetLedger ledger,
      ActiveRuns activeRuns,
      LimitsCache cache,
      Signals signals,
      InstantSource clock,
      FileQuota files) {
    this.jdbc = jdbc;
    this.store = store;
    this.ledger = ledger;
    this.activeRuns = activeRuns;
    this.cache = cache;
    this.signals = signals;
    this.clock = clock;
    this.files = files;
  }

  /** The limits of the project and their usage. */
  LimitsObject get(ProjectId project) {
    return LimitsObject.of(
        project, state(LimitScope.of(project)), activeRuns.count(project), files.get(project));
  }

  /** The limits of the API key and their usage. */
  LimitsObject get(ProjectId project, ApiKeyId key) {
    return LimitsObject.of(project, key, state(LimitScope.of(project, key)));
  }

  /** Changes the limits of the project, at once on this node, elsewhere with the signal. */
  LimitsObject update(ProjectId project, ModifyLimits request) {
    updateAndCommit(LimitScope.of(project), request);
    return get(project);
  }

  /**
   * As {@link #update(ProjectId, ModifyLimits)}, for an API key.
   *
   * @throws ApiException 400 for a limit that keys do not have
   */
  LimitsObject update(ProjectId project, ApiKeyId key, ModifyLimits request) {
    updateAndCommit(LimitScope.of(project, key), request.requireForKeys(""));
    return get(project, key);
  }

  private void updateAndCommit(LimitScope scope, ModifyLimits request) {
    jdbc.runInTransaction(
        tx -> {
          var changed = request.applyTo(store.lock(tx, scope));
          store.set(tx, scope, changed, clock.instant());
          if (request.fileBytes() instanceof Field.Present<Long>(var bytes)
              && scope.kind() == LimitScope.Kind.PROJECT) {
            files.set(tx, scope.project(), bytes);
          }
          tx.afterCommit(
              () -> {
                cache.invalidate(scope.project());
                signals.send(new LimitsChanged(scope.project()));
              });
        });
  }

  private ScopeState state(LimitScope scope) {
    ledger.expireReservations(scope.project());
    var at = clock.instant();
    return store.states(List.of(scope), at).stream()
        .findFirst()
        .orElseGet(() -> new ScopeState(scope, Limits.NONE, CurrentUsage.none(at)));
  }
}
