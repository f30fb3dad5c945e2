package dev.threadmill.limits;

import dev.threadmill.api.Ids;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LimitReachedException;
import dev.threadmill.models.Metering;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelOperation;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.Money;
import dev.threadmill.models.RegionMismatchException;
import dev.threadmill.models.Usage;
import dev.threadmill.projects.Residency;
import dev.threadmill.telemetry.Activity;
import dev.threadmill.telemetry.Outbox;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jboss.logging.Logger;

/**
 * Reserves, settles and counts what model calls use, and refuses models outside of the project's
 * region. Before a call the most that it may use is reserved in every scope that has limits, so
 * that concurrent calls cannot exceed a budget; afterwards its real usage is counted and the rest
 * returned. Costs nothing without limits.
 *
 * <p>A reservation that is never settled, because its node crashed, counts as used: the call may
 * have been made.
 */
@ApplicationScoped
public class BudgetLedger {
  private static final Logger LOG = Logger.getLogger(BudgetLedger.class);

  private final Jdbc jdbc;
  private final ReservationStore store;
  private final LimitsStore limitsStore;
  private final LimitsCache cache;
  private final FairQueue queue;
  private final LimitErrors errors;
  private final Ids ids;
  private final InstantSource clock;
  private final Residency residency;
  private final Outbox outbox;

  BudgetLedger(
      Jdbc jdbc,
      ReservationStore store,
      LimitsStore limitsStore,
      LimitsCache cache,
      FairQueue queue,
      LimitErrors errors,
      Ids ids,
      InstantSource clock,
      Residency residency,
      Outbox outbox) {
    this.jdbc = jdbc;
    this.store = store;
    this.limitsStore = limitsStore;
    this.cache = cache;
    this.queue = queue;
    this.errors = errors;
    this.ids = ids;
    this.clock = clock;
    this.residency = residency;
    this.outbox = outbox;
  }

  /**
   * The model, with each of its calls reserved, counted and recorded as an event. A call that the
   * limits do not allow throws {@link LimitReachedException}.
   *
   * @param source what its calls belong to
   * @param timeout how long a call waits for tokens that other calls may return
   * @throws RegionMismatchException if the model may not read data of this project
   */
  public LanguageModel metered(CallSource source, LanguageModel model, Duration timeout) {
    residency.requireModel(source.payer().project(), model.info());
    return new MeteredModel(this, source, model, timeout);
  }

  /**
   * Reserves the tokens of a call that has a prompt and no completion.
   *
   * @param promptTokens counts them, only if a limit needs them
   * @throws LimitReachedException as of {@link #reserve}
   */
  public Metering.ReservedPrompt reservePrompt(
      CallSource source, ModelInfo model, IntSupplier promptTokens, Duration timeout)
      throws InterruptedException {
    var reservation =
        reserve(
            source.payer(),
            null,
            model,
            () -> CallEstimate.of(model, promptTokens.getAsInt()),
            timeout);
    long started = System.nanoTime();
    return (used, isCompleted) ->
        settleAndCommit(
            reservation,
            new Usage(used, 0).at(model.price()),
            usage ->
                source.activity(
                    model.name(),
                    isCompleted ? "completed" : "failed",
                    Duration.ofNanos(System.nanoTime() - started),
                    usage,
                    clock.instant()));
  }

  /** A call that waits for its reservation, and the scopes in which that counts. */
  private record Call(Payer payer, List<LimitScope> scopes, RunId run, CallEstimate estimate) {}

  /**
   * Reserves what the call may use. Waits while the budget is only reserved by other calls, or the
   * rate is exceeded. Can be interrupted.
   *
   * @param run whose call it is; null if it is not a run's
   * @throws LimitReachedException if a budget does not allow the call, or the wait would be longer
   *     than the timeout
   * @throws RegionMismatchException if the model may not read data of this project
   * @throws InterruptedException if the thread was interrupted while it waited
   */
  public Reservation reserve(
      Payer payer, RunId run, ModelInfo model, ModelRequest request, Duration timeout)
      throws InterruptedException {
    return reserve(payer, run, model, () -> CallEstimate.of(model, request), timeout);
  }

  /**
   * As {@link #reserve(Payer, RunId, ModelInfo, ModelRequest, Duration)}.
   *
   * @param estimate is computed only if a limit needs it
   */
  Reservation reserve(
      Payer payer, RunId run, ModelInfo model, Supplier<CallEstimate> estimate, Duration timeout)
      throws InterruptedException {
    residency.requireModel(payer.project(), model);
    var limits = cache.get(payer).counting();
    if (limits.all().isEmpty()) {
      return Reservation.NONE;
    }
    if (!limits.any(Limits::limitsCalls)) {
      return Reservation.countOnly(limits.scopes());
    }
    if (limits.any(Limits::hasCostBudget) && model.price() == null) {
      throw errors.unknownPrice(model.name());
    }
    var call = new Call(payer, limits.scopes(), run, estimate.get());
    var narrowest = limits.scopes().getLast();
    if (!queue.hasWaiters(narrowest)
        && tryReserve(call) instanceof FairQueue.Look.Acquired<Reservation>(var reserved)) {
      return reserved;
    }
    Optional<Reservation> waited = queue.await(narrowest, timeout, () -> tryReserve(call));
    return waited.orElseThrow(() -> errors.waitTooLong(call.scopes(), call.estimate()));
  }

  /** One attempt. Expires the reservations of crashed nodes first if they may block the call. */
  private FairQueue.Look.Attempt<Reservation> tryReserve(Call call) {
    return Uninterruptibly.call(
        () -> {
          var outcome = reserveOnce(call);
          if (outcome instanceof FairQueue.Look.RetryAfter
              && expireReservations(call.payer().project())) {
            return reserveOnce(call);
          }
          return outcome;
        });
  }

  private FairQueue.Look.Attempt<Reservation> reserveOnce(Call call) {
    var id = ids.next("resv_");
    Supplier<ReservationStore.Outcome> once =
        () ->
            jdbc.inTransaction(
                tx ->
                    store.reserve(
                        tx, call.scopes(), id, call.run(), call.estimate(), clock.instant()));
    // A run waits until the database is available, a request does not.
    var outcome = call.run() == null ? once.get() : jdbc.whenAvailable(once);
    if (outcome == null) {
      // The project or the key was deleted.
      return new FairQueue.Look.Acquired<>(Reservation.NONE);
    }
    if (outcome.isReserved()) {
      return new FairQueue.Look.Acquired<>(
          new Reservation(call.scopes(), id, outcome.maxCompletionTokens(), outcome.tokens()));
    }
    if (outcome.isExhausted()) {
      throw errors.notCovered(call.scopes(), call.estimate());
    }
    return new FairQueue.Look.RetryAfter<>(outcome.delay());
  }

  /** Counts reservations as used that are too old to be settled. Returns whether there were any. */
  boolean expireReservations(ProjectId project) {
    return jdbc.inTransaction(
        tx -> {
          var at = clock.instant();
          var lost = store.expire(tx, project, at);
          lost.ifPresent(
              each ->
                  recordLost(
                      tx,
                      Activity.of(Activity.MODEL_CALL, project, at)
                          .detail("operation", ModelOperation.CHAT.wire()),
                      each));
          return lost.isPresent();
        });
  }

  private void recordLost(Tx tx, Activity.Builder call, ReservationStore.Lost lost) {
    outbox.append(
        tx,
        call.status("lost")
            .detail("lost_tokens", lost.tokens())
            .detail("lost_nanos", lost.nanos())
            .build());
  }

  /**
   * Counts the usage of the call and returns the rest of its reservation, in this transaction.
   * Should be the last of its statements: other calls of the project wait for its end.
   */
  public void settle(Tx tx, Reservation reservation, Usage usage) {
    if (reservation.isNone()) {
      return;
    }
    store.settle(
        tx,
        reservation,
        usage.totalTokens(),
        usage.cost() == null ? Money.NONE : usage.cost(),
        clock.instant());
    if (reservation.id() != null) {
      if (usage.totalTokens() > reservation.tokens()) {
        LOG.warnf(
            "provider used more than was reserved project_id=%s reserved=%d used=%d",
            reservation.project(), reservation.tokens(), usage.totalTokens());
      }
      tx.afterCommit(() -> queue.signal(reservation.project()));
    }
  }

  /** As {@link #settle(Tx, Reservation, Usage)}, in a transaction of its own, with events. */
  public void settleAndCommit(Reservation reservation, Usage usage, List<Activity> activities) {
    if (!reservation.isNone() || !activities.isEmpty()) {
      Uninterruptibly.call(
          () ->
              jdbc.inTransaction(
                  tx -> {
                    activities.forEach(activity -> outbox.append(tx, activity));
                    settle(tx, reservation, usage);
                    return true;
                  }));
    }
  }

  /** As {@link #settleAndCommit(Reservation, Usage, List)}, for a call outside of runs. */
  void settleAndCommit(Reservation reservation, Usage usage, Function<Usage, Activity> activityOf) {
    var activity = activityOf.apply(usage);
    try {
      settleAndCommit(reservation, usage, List.of(activity));
    } catch (DatabaseException e) {
      if (!reservation.isNone()) {
        throw e;
      }
      // The answer is there, and nothing limits it: the client gets it.
      LOG.errorf(
          "model call not recorded project_id=%s model=%s input_tokens=%d output_tokens=%d cause=%s",
          activity.projectId(),
          activity.model(),
          usage.promptTokens(),
          usage.completionTokens(),
          e.getMessage());
    }
  }

  /** The current time. */
  Instant now() {
    return clock.instant();
  }

  /** Starts to count against the budget of a run, in the transaction that creates it. */
  public void open(Tx tx, ProjectId project, RunId run, RunBudget budget) {
    if (budget != null && budget.limitsModelCalls()) {
      limitsStore.setTotal(
          tx,
          LimitScope.of(project, run),
          Limits.Budget.ofCalls(
              budget.tokens(), budget.cost() == null ? null : Money.ofDollars(budget.cost())),
          clock.instant());
    }
  }

  /**
   * Counts the reservations of a crashed node for a run that another node takes over as used.
   *
   * @param call the event of the lost call, which says how much that is
   */
  public void abandon(Tx tx, Payer payer, RunId run, Function<Instant, Activity.Builder> call) {
    // Reading limits here would take a second connection; without reservations nothing is changed.
    var limits = cache.getIfPresent(payer);
    if (limits == null || limits.any(Limits::limitsCalls)) {
      var at = clock.instant();
      store
          .abandon(tx, payer.project(), run, at)
          .ifPresent(lost -> recordLost(tx, call.apply(at), lost));
      tx.afterCommit(() -> queue.signal(payer.project()));
    }
  }
}
