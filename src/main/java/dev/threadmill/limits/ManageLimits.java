package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Field;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signals;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;

/**
 * Shows and changes the limits of projects, API keys, assistants and threads, which have to exist.
 */
@ApplicationScoped
public class ManageLimits {
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
  public LimitsObject get(ProjectId project) {
    return LimitsObject.of(
        state(LimitScope.of(project)), activeRuns.count(project), files.get(project));
  }

  /** The limits of the API key and their usage. */
  public LimitsObject get(ProjectId project, ApiKeyId key) {
    return LimitsObject.of(state(LimitScope.of(project, key)));
  }

  /** Changes the limits of the project, at once on this node, elsewhere with the signal. */
  public LimitsObject update(ProjectId project, ModifyLimits request) {
    updateAndCommit(LimitScope.of(project), request);
    return get(project);
  }

  /**
   * As {@link #update(ProjectId, ModifyLimits)}, for an API key.
   *
   * @throws ApiException 400 for a limit that keys do not have
   */
  public LimitsObject update(ProjectId project, ApiKeyId key, ModifyLimits request) {
    updateAndCommit(LimitScope.of(project, key), request.requireForKeys(""));
    return get(project, key);
  }

  /** The limits of an assistant, which exists, and their usage. */
  public LimitsObject get(ProjectId project, AssistantId assistant) {
    return LimitsObject.of(state(LimitScope.of(project, assistant)));
  }

  /**
   * As {@link #update(ProjectId, ModifyLimits)}, for an assistant, which exists.
   *
   * @throws dev.threadmill.api.ApiException 400 for a limit that assistants do not have
   */
  public LimitsObject update(ProjectId project, AssistantId assistant, ModifyLimits request) {
    updateAndCommit(LimitScope.of(project, assistant), request.requireBudgetsOnly("an assistant"));
    return get(project, assistant);
  }

  /** The limits of a thread, which exists, and their usage. */
  public LimitsObject get(ProjectId project, ThreadId thread) {
    return LimitsObject.of(state(LimitScope.of(project, thread)));
  }

  /**
   * As {@link #update(ProjectId, ModifyLimits)}, for a thread, which exists.
   *
   * @throws dev.threadmill.api.ApiException 400 for a limit that threads do not have
   */
  public LimitsObject update(ProjectId project, ThreadId thread, ModifyLimits request) {
    updateAndCommit(LimitScope.of(project, thread), request.requireBudgetsOnly("a thread"));
    return get(project, thread);
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
