package dev.threadmill.limits;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Field;
import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.Money;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.List;

/**
 * Shows and changes the limits of projects, API keys, users, assistants and threads, which have to
 * exist, but for users.
 */
@ApplicationScoped
public class ManageLimits {
  private static final int MAX_USER = 512;
  private static final int MAX_BURSTS = 50;

  private final Jdbc jdbc;
  private final LimitsStore store;
  private final BudgetLedger ledger;
  private final ActiveRuns activeRuns;
  private final LimitsCache cache;
  private final Signals signals;
  private final InstantSource clock;
  private final FileQuota files;
  private final LearnedFacts learned;
  private final Ids ids;

  ManageLimits(
      Jdbc jdbc,
      LimitsStore store,
      BudgetLedger ledger,
      ActiveRuns activeRuns,
      LimitsCache cache,
      Signals signals,
      InstantSource clock,
      FileQuota files,
      LearnedFacts learned,
      Ids ids) {
    this.jdbc = jdbc;
    this.store = store;
    this.ledger = ledger;
    this.activeRuns = activeRuns;
    this.cache = cache;
    this.signals = signals;
    this.clock = clock;
    this.files = files;
    this.learned = learned;
    this.ids = ids;
  }

  /** The limits of the project and their usage. */
  public LimitsObject get(ProjectId project) {
    return LimitsObject.of(
        state(LimitScope.of(project)),
        activeRuns.count(project),
        files.get(project),
        learned.shares(project.value()));
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

  /** The limits of a user of the application and their usage. */
  public LimitsObject getOfUser(ProjectId project, String user) {
    return LimitsObject.of(state(LimitScope.ofUser(project, user)));
  }

  /**
   * As {@link #update(ProjectId, ModifyLimits)}, for a user of the application, who may be unknown
   * yet.
   *
   * @throws ApiException 400 for a limit that users do not have
   */
  public LimitsObject updateOfUser(ProjectId project, String user, ModifyLimits request) {
    if (user.isEmpty() || user.length() > MAX_USER) {
      throw ApiException.invalid(
          "user", "Invalid 'user': expected 1 to %d characters.".formatted(MAX_USER));
    }
    updateAndCommit(LimitScope.ofUser(project, user), request.requireBudgetsOnly("a user"));
    return getOfUser(project, user);
  }

  /** Deletes the limits of a user who is erased, and what was counted of them. */
  public void forgetUser(ProjectId project, String user) {
    jdbc.runInTransaction(
        tx -> {
          store.delete(tx, LimitScope.ofUser(project, user));
          announce(tx, project);
        });
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

  /**
   * Adds what was paid for in advance to the budgets of the project.
   *
   * @throws ApiException 400 if there are too many bursts that have not ended
   */
  public BurstObject addBurst(ProjectId project, CreateBurst request) {
    var scope = LimitScope.of(project);
    return jdbc.inTransaction(
        tx -> {
          store.lock(tx, scope);
          var at = clock.instant();
          var open =
              store.states(tx, List.of(scope), at).stream()
                  .flatMap(state -> state.usage().bursts().stream())
                  .filter(burst -> burst.isOpenAt(at))
                  .count();
          if (open >= MAX_BURSTS) {
            throw ApiException.invalid(
                null, "The project has %d bursts, which is the most at once.".formatted(open));
          }
          var burst =
              Burst.create(
                  ids.next("burst_"),
                  request.tokens(),
                  request.cost() == null ? null : Money.ofDollars(request.cost()),
                  at);
          store.addBurst(tx, scope, burst, at);
          return BurstObject.of(burst, at);
        });
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
          announce(tx, scope.project());
        });
  }

  private void announce(Tx tx, ProjectId project) {
    tx.afterCommit(
        () -> {
          cache.invalidate(project);
          signals.send(new LimitsChanged(project));
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
