package dev.threadmill.limits;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.Money;
import dev.threadmill.models.Usage;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * What calls of models cost a project. Before a call the most that it may use is set aside, so that
 * calls at the same time cannot use more than there is; afterwards what it did use is counted. For
 * a project without limits all of it does nothing.
 *
 * <p>What a call has set aside and never settled, because its node died, counts as used: the call
 * may have been made.
 */
@ApplicationScoped
public class BudgetLedger {
  private static final Logger LOG = Logger.getLogger(BudgetLedger.class);

  private final Jdbc jdbc;
  private final ReservationStore store;
  private final LimitsCache known;
  private final FairQueue lines;
  private final LimitErrors refusals;
  private final Ids ids;
  private final InstantSource clock;

  BudgetLedger(
      Jdbc jdbc,
      ReservationStore store,
      LimitsCache known,
      FairQueue lines,
      LimitErrors refusals,
      Ids ids,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.store = store;
    this.known = known;
    this.lines = lines;
    this.refusals = refusals;
    this.ids = ids;
    this.clock = clock;
  }

  /**
   * The model, with each of its calls counted and bounded by the limits of the project. It throws
   * {@link LimitReachedException} when they do not allow the call.
   *
   * @param patience how long a call waits for what others may give back
   */
  public LanguageModel metered(ProjectId project, LanguageModel model, Duration patience) {
    return known.get(project).countsCalls()
        ? new MeteredModel(this, project, model, patience)
        : model;
  }

  /**
   * Sets aside what the call may use. Waits while it is only set aside by others, or only the rate
   * is too high. May be interrupted.
   *
   * @param run whose call it is; null if it is not a run's
   * @throws LimitReachedException if the project has used up what it may use, or the wait would be
   *     too long
   * @throws InterruptedException if the thread was interrupted while it waited
   */
  public Reservation reserve(
      ProjectId project, RunId run, ModelInfo model, ModelRequest request, Duration patience)
      throws InterruptedException {
    var limits = known.get(project);
    if (!limits.countsCalls()) {
      return Reservation.NONE;
    }
    if (!limits.limitsCalls()) {
      return Reservation.countOnly(project, model.price());
    }
    if (limits.hasCostBudget() && model.price() == null) {
      throw refusals.unknownPrice(model.name());
    }
    var demand = CallEstimate.of(model, request);
    if (!lines.hasWaiters(project)
        && tryReserve(project, run, demand)
            instanceof FairQueue.Look.Acquired<Reservation>(var reserved)) {
      return reserved;
    }
    Optional<Reservation> waited =
        lines.await(project, patience, () -> tryReserve(project, run, demand));
    if (waited.isEmpty()) {
      throw refusals.waitTooLong(project, demand.expectedTokens());
    }
    return waited.get();
  }

  /** One attempt. What was left behind by dead nodes is cleared away if it may be in the way. */
  private FairQueue.Look.Attempt<Reservation> tryReserve(
      ProjectId project, RunId run, CallEstimate demand) {
    return Uninterruptibly.call(
        () -> {
          var outcome = reserveOnce(project, run, demand);
          if (outcome instanceof FairQueue.Look.RetryAfter && expireReservations(project)) {
            return reserveOnce(project, run, demand);
          }
          return outcome;
        });
  }

  private FairQueue.Look.Attempt<Reservation> reserveOnce(
      ProjectId project, RunId run, CallEstimate demand) {
    var id = ids.next("resv_");
    Supplier<ReservationStore.Outcome> once =
        () ->
            jdbc.inTransaction(tx -> store.reserve(tx, project, id, run, demand, clock.instant()));
    // A run waits for its database, a request does not.
    var outcome = run == null ? once.get() : jdbc.whenAvailable(once);
    if (outcome == null) {
      // The project was deleted, or has never had limits.
      return new FairQueue.Look.Acquired<>(Reservation.NONE);
    }
    if (outcome.isReserved()) {
      return new FairQueue.Look.Acquired<>(
          new Reservation(
              project, id, demand.price(), outcome.maxCompletionTokens(), outcome.tokens()));
    }
    if (outcome.isExhausted()) {
      throw refusals.budgetExhausted(project);
    }
    return new FairQueue.Look.RetryAfter<>(outcome.delay());
  }

  /** Counts as used what nobody will settle any more. Whether there was anything. */
  boolean expireReservations(ProjectId project) {
    return jdbc.inTransaction(tx -> store.expire(tx, project, clock.instant()));
  }

  /**
   * Counts what the call has used and gives back the rest, with the transaction. To be called as
   * the last of its statements: other calls of the project wait for its end.
   */
  public void settle(Tx tx, Reservation reservation, Usage usage) {
    if (reservation.isNone()) {
      return;
    }
    var price = reservation.price();
    store.settle(
        tx,
        reservation,
        usage.totalTokens(),
        price == null ? Money.NONE : price.of(usage),
        clock.instant());
    if (reservation.id() != null) {
      if (usage.totalTokens() > reservation.tokens()) {
        LOG.warnf(
            "provider used more than it could project_id=%s reserved=%d used=%d",
            reservation.project(), reservation.tokens(), usage.totalTokens());
      }
      tx.afterCommit(() -> lines.signal(reservation.project()));
    }
  }

  /** As {@link #settle(Tx, Reservation, Usage)}, in a transaction of its own. */
  public void settle(Reservation reservation, Usage usage) {
    if (!reservation.isNone()) {
      Uninterruptibly.call(
          () ->
              jdbc.inTransaction(
                  tx -> {
                    settle(tx, reservation, usage);
                    return true;
                  }));
    }
  }

  /** A run is taken over from a node that died: what that had set aside for it counts as used. */
  public void abandon(Tx tx, ProjectId project, RunId run) {
    if (known.get(project).limitsCalls()) {
      store.abandon(tx, project, run, clock.instant());
      tx.afterCommit(() -> lines.signal(project));
    }
  }
}
