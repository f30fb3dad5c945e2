package dev.threadmill.runs.maintenance;

import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.runs.AbandonRun;
import dev.threadmill.runs.CancelRun;
import dev.threadmill.runs.ClaimRuns;
import dev.threadmill.runs.EndIdleRun;
import dev.threadmill.runs.WaitingRuns;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSignal;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunWorkQueue;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jboss.logging.Logger;

/**
 * The work that a node does at intervals, with or without a signal: renew its lease, take over runs
 * without an owner, claim queued runs, end expired ones. A part of it that fails does not keep the
 * others from being done.
 */
@ApplicationScoped
public class MaintenanceLoop {
  private static final Logger LOG = Logger.getLogger(MaintenanceLoop.class);
  private static final int MAX_EXPIRED = 200;
  private static final int RENEWALS_PER_LEASE = 3;
  private static final Duration DRAIN_POLL = Duration.ofMillis(50);

  private final NodeLease node;
  private final LocalRuns localRuns;
  private final RunWorkQueue workQueue;
  private final ClaimRuns claimRuns;
  private final TakeOver takeOver;
  private final WaitingRuns waitingRuns;
  private final EndIdleRun endIdleRun;
  private final AbandonRun abandonRun;
  private final CancelRun cancelRun;
  private final SubscriptionPoller subscriptionPoller;
  private final Signals signals;
  private final RunsConfig config;
  private final InstantSource clock;
  private final AtomicBoolean claimRequested = new AtomicBoolean();
  private final AtomicBoolean runRequested = new AtomicBoolean();
  private final ScheduledExecutorService leaseTimer = daemon("lease");
  private final ScheduledExecutorService maintenanceTimer = daemon("maintenance");

  public MaintenanceLoop(
      NodeLease node,
      LocalRuns localRuns,
      RunWorkQueue workQueue,
      ClaimRuns claimRuns,
      TakeOver takeOver,
      WaitingRuns waitingRuns,
      EndIdleRun endIdleRun,
      AbandonRun abandonRun,
      CancelRun cancelRun,
      SubscriptionPoller subscriptionPoller,
      Signals signals,
      RunsConfig config,
      InstantSource clock) {
    this.node = node;
    this.localRuns = localRuns;
    this.workQueue = workQueue;
    this.claimRuns = claimRuns;
    this.takeOver = takeOver;
    this.waitingRuns = waitingRuns;
    this.endIdleRun = endIdleRun;
    this.abandonRun = abandonRun;
    this.cancelRun = cancelRun;
    this.subscriptionPoller = subscriptionPoller;
    this.signals = signals;
    this.config = config;
    this.clock = clock;
  }

  void onStart(@Observes StartupEvent start) {
    node.register();
    localRuns.setCapacityListener(this::claimSoon);
    long beat = config.lease().toMillis() / RENEWALS_PER_LEASE;
    leaseTimer.scheduleWithFixedDelay(
        () -> logFailures("lease renewal", this::renew), beat, beat, TimeUnit.MILLISECONDS);
    long every = config.sweepEvery().toMillis();
    maintenanceTimer.scheduleWithFixedDelay(this::runOnce, 0, every, TimeUnit.MILLISECONDS);
  }

  /** Claims queued runs at once. Calls during a claim are joined to one further claim. */
  void claimSoon() {
    soon(claimRequested, () -> logFailures("claim", this::claim));
  }

  /** Does all of the maintenance at once: a signal may have been lost. */
  void runSoon() {
    soon(runRequested, this::runOnce);
  }

  /** Does the work once, however often it is requested until it starts. */
  private void soon(AtomicBoolean requested, Runnable work) {
    if (!localRuns.isStopping() && requested.compareAndSet(false, true)) {
      maintenanceTimer.execute(
          () -> {
            requested.set(false);
            work.run();
          });
    }
  }

  private void claim() {
    if (waitingRuns.promote()) {
      localRuns.notifyOnNextEnd();
    }
    claimRuns.claim();
  }

  /** Renews the lease of all runs of this node, or stops them if it is lost. */
  public void renew() {
    if (!node.renew()) {
      localRuns.all().forEach(live -> live.stop(LiveRun.StopReason.LOST));
    }
  }

  /** Does all of the maintenance once. */
  public void runOnce() {
    logFailures("eviction of nodes", this::evictExpiredNodes);
    logFailures("takeover", takeOver::takeOver);
    logFailures("claim", this::claim);
    logFailures("cancellation", this::stopCancelledRuns);
    logFailures("expiry", this::endExpiredRuns);
    logFailures("cancellation of children", cancelRun::cancelChildrenOfEndedRuns);
    logFailures("polling of subscriptions", subscriptionPoller::poll);
  }

  private void evictExpiredNodes() {
    for (var expired : node.evictExpiredNodes()) {
      LOG.warnf("node did not renew its lease node_id=%s", expired);
    }
  }

  /** Stops runs of this node that were cancelled on another node, whose signal may be lost. */
  private void stopCancelledRuns() {
    if (signals.isAlone() || localRuns.size() == 0) {
      return;
    }
    for (var run : workQueue.cancelling(node.id())) {
      localRuns.find(run).ifPresent(live -> live.stop(LiveRun.StopReason.CANCEL));
    }
  }

  private void endExpiredRuns() {
    var now = clock.instant();
    for (var run : workQueue.expired(now, MAX_EXPIRED)) {
      var live = localRuns.find(run.run());
      if (live.isPresent()) {
        live.get().stop(LiveRun.StopReason.EXPIRE);
      } else {
        endExpiredRun(run, now);
      }
    }
  }

  private void endExpiredRun(RunKey run, Instant now) {
    try {
      endIdleRun.commitEnd(run.thread(), run.run(), Run.End.EXPIRED, now);
    } catch (DatabaseException e) {
      throw e;
    } catch (RuntimeException e) {
      LOG.errorf(e, "run could not be ended run_id=%s", run.run());
      abandonRun.commitFailure(
          run, RunError.server("The server had an error while ending the expired run."));
    }
  }

  /** Waits a bounded time for runs to finish, then hands them over to other nodes. */
  void onStop(@Observes @Priority(1) ShutdownEvent stop) {
    localRuns.stopAccepting();
    maintenanceTimer.shutdownNow();
    long deadline = System.nanoTime() + config.drain().toNanos();
    awaitNoRuns(deadline);
    localRuns.all().forEach(live -> live.stop(LiveRun.StopReason.HAND_OVER));
    awaitNoRuns(deadline + DRAIN_POLL.multipliedBy(20).toNanos());
    leaseTimer.shutdownNow();
    logFailures("deregistration", node::deregister);
    signals.send(new RunSignal.NodeLeft());
  }

  private void awaitNoRuns(long deadline) {
    while (localRuns.size() > 0 && System.nanoTime() < deadline) {
      LockSupport.parkNanos(DRAIN_POLL.toNanos());
    }
  }

  /** A task that fails has to be done again the next time, and must not end the timer. */
  private static void logFailures(String what, Runnable work) {
    try {
      work.run();
    } catch (DatabaseException e) {
      LOG.warnf("%s waits for the database cause=%s", what, e.getMessage());
    } catch (RuntimeException | Error e) {
      LOG.errorf(e, "%s failed", what);
    }
  }

  private static ScheduledExecutorService daemon(String name) {
    return Executors.newSingleThreadScheduledExecutor(
        Thread.ofPlatform().daemon().name(name).factory());
  }
}
