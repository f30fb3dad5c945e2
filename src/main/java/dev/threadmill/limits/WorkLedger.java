package dev.threadmill.limits;

import dev.threadmill.api.Ids;
import dev.threadmill.db.Jdbc;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Counts tool calls before they are made, and reserves the time in which runs are executed, against
 * the budgets of all scopes that have some. Costs nothing without such budgets.
 */
@ApplicationScoped
public class WorkLedger {
  /** How long a reservation outlasts its time until it counts as that of a node that died. */
  private static final Duration GRACE = Duration.ofMinutes(1);

  private final Jdbc jdbc;
  private final WorkStore store;
  private final LimitsCache cache;
  private final Ids ids;
  private final InstantSource clock;

  WorkLedger(Jdbc jdbc, WorkStore store, LimitsCache cache, Ids ids, InstantSource clock) {
    this.jdbc = jdbc;
    this.store = store;
    this.cache = cache;
    this.ids = ids;
    this.clock = clock;
  }

  /**
   * Counts tool calls that are about to be made.
   *
   * @return whose budget does not cover them, such as {@code project}; empty if they may be made
   */
  public Optional<String> takeToolCalls(Payer payer, int calls) {
    var scopes = scopes(payer, Limits::limitsToolCalls);
    return scopes.isEmpty()
        ? Optional.empty()
        : jdbc.whenAvailable(
                () -> jdbc.inTransaction(tx -> store.takeCalls(tx, scopes, calls, clock.instant())))
            .map(LimitScope.Kind::wire);
  }

  /**
   * Time that a run may be executed for.
   *
   * @param id null if no budget limits it
   * @param refusedBy whose budget is used up, such as {@code project}; null if none is
   */
  public record Time(Payer payer, String id, Duration granted, String refusedBy) {
    /** Whether the time is limited. */
    public boolean isLimited() {
      return id != null;
    }
  }

  /** Reserves time for a run, at most what is wanted. */
  public Time reserveTime(Payer payer, Duration wanted) {
    var scopes = scopes(payer, Limits::limitsTime);
    if (scopes.isEmpty()) {
      return new Time(payer, null, wanted, null);
    }
    var id = ids.next("time_");
    var granted = jdbc.whenAvailable(() -> reserve(scopes, id, wanted));
    if (granted.isEmpty()) {
      return new Time(payer, null, wanted, null);
    }
    var time = granted.get();
    return time.millis() <= 0
        ? new Time(payer, null, Duration.ZERO, time.scope().wire())
        : new Time(payer, id, Duration.ofMillis(time.millis()), null);
  }

  private Optional<WorkStore.Granted> reserve(List<LimitScope> scopes, String id, Duration wanted) {
    return jdbc.inTransaction(
        tx -> {
          var at = clock.instant();
          store.expire(tx, scopes.getFirst().project(), at);
          return store.reserveTime(tx, scopes, id, wanted, at.plus(wanted).plus(GRACE), at);
        });
  }

  /** Counts what was used of the time and returns the rest. */
  public void settleTime(Time time, Duration used) {
    if (time.isLimited()) {
      jdbc.runInTransaction(
          tx -> store.settleTime(tx, time.payer().project(), time.id(), used, clock.instant()));
    }
  }

  private List<LimitScope> scopes(Payer payer, Predicate<Limits> condition) {
    return cache.get(payer).all().stream()
        .filter(each -> condition.test(each.limits()))
        .map(PayerLimits.Scoped::scope)
        .toList();
  }
}
