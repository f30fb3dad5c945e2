package dev.threadmill.runs.recovery;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.runs.CancelChildRuns;
import dev.threadmill.runs.ClaimRuns;
import dev.threadmill.runs.EndIdleRun;
import dev.threadmill.runs.LocalRuns;
import dev.threadmill.runs.NodeLease;
import dev.threadmill.runs.RunsConfig;
import dev.threadmill.runs.WaitingRuns;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSignal;
import dev.threadmill.runs.store.Run;
import io.quarkus.runtime.ShutdownEvent;
import io.quarkus.runtime.StartupEvent;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.jboss.logging.Logger;

/**
 * What a node does from time to time, whether or not anybody has told it to: renew its lease, take
 * over from the dead, claim what is queued, expire what is overdue. It is the net below all
 * signals.
 */
@ApplicationScoped
public class MaintenanceLoop {
  private static final Logger LOG = Logger.getLogger(MaintenanceLoop.class);
  private static final int EXPIRED_AT_ONCE = 200;
  private static final int RENEWALS_A_LEASE = 3;
  private static final Duration DRAIN_LOOK = Duration.ofMillis(50);

  private final Jdbc jdbc;
  private final NodeLease node;
  private final LocalRuns liveRuns;
  private final ClaimRuns claimRuns;
  private final TakeOver takeOver;
  private final WaitingRuns waitingRuns;
  private final EndIdleRun endIdleRun;
  private final CancelChildRuns stopChildren;
  private final SubscriptionPoller lookAgain;
  private final Signals signals;
  private final RunsConfig config;
  private final InstantSource clock;
  private final AtomicBoolean claimSoon = new AtomicBoolean();
  private final AtomicBoolean sweepSoon = new AtomicBoolean();
  private final ScheduledExecutorService heart = daemon("heartbeat");
  private final ScheduledExecutorService broom = daemon("sweep");

  public MaintenanceLoop(
      Jdbc jdbc,
      NodeLease node,
      LocalRuns liveRuns,
      ClaimRuns claimRuns,
      TakeOver takeOver,
      WaitingRuns waitingRuns,
      EndIdleRun endIdleRun,
      CancelChildRuns stopChildren,
      SubscriptionPoller lookAgain,
      Signals signals,
      RunsConfig config,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.node = node;
    this.liveRuns = liveRuns;
    this.claimRuns = claimRuns;
    this.takeOver = takeOver;
    this.waitingRuns = waitingRuns;
    this.endIdleRun = endIdleRun;
    this.stopChildren = stopChildren;
    this.lookAgain = lookAgain;
    this.signals = signals;
    this.config = config;
    this.clock = clock;
  }

  void onStart(@Observes StartupEvent start) {
    node.register();
    liveRuns.setCapacityListener(this::claimSoon);
    long beat = config.lease().toMillis() / RENEWALS_A_LEASE;
    heart.scheduleWithFixedDelay(
        () -> logFailures("heartbeat", this::renew), beat, beat, TimeUnit.MILLISECONDS);
    long every = config.sweepEvery().toMillis();
    broom.scheduleWithFixedDelay(
        () -> logFailures("sweep", this::runOnce), 0, every, TimeUnit.MILLISECONDS);
  }

  /** Looks for work at once. A hurry-up, to be called as often as one likes. */
  void claimSoon() {
    claimSoon(claimSoon, this::claim);
  }

  /** Sweeps at once: something may have been missed. */
  void runSoon() {
    claimSoon(sweepSoon, this::runOnce);
  }

  /** Does it once, however often it is asked for meanwhile. */
  private void claimSoon(AtomicBoolean asked, Runnable work) {
    if (!liveRuns.isStopping() && asked.compareAndSet(false, true)) {
      broom.execute(
          () -> {
            asked.set(false);
            logFailures("sweep", work);
          });
    }
  }

  private void claim() {
    if (waitingRuns.promote()) {
      liveRuns.notifyOnNextEnd();
    }
    claimRuns.claim();
  }

  /** Renews the lease of all runs of this node, or gives them up. */
  public void renew() {
    if (!node.renew()) {
      liveRuns.all().forEach(live -> live.stop(LiveRun.StopReason.LOST));
    }
  }

  /** Looks after all that somebody may have forgotten. */
  public void runOnce() {
    for (var silent : node.evictExpiredNodes()) {
      LOG.warnf("node gave no sign of life for a lease node_id=%s", silent);
    }
    takeOver.takeOver();
    claim();
    stopCancelled();
    expire();
    stopChildren.cancelOrphans();
    lookAgain.poll();
  }

  /** What was marked on another node, whose signal may have been lost. */
  private void stopCancelled() {
    if (signals.isAlone() || liveRuns.size() == 0) {
      return;
    }
    jdbc.list(
            "SELECT id FROM runs WHERE owner = ? AND status = 'cancelling'",
            row -> row.text("id", RunId::new),
            node.id())
        .forEach(run -> liveRuns.find(run).ifPresent(live -> live.stop(LiveRun.StopReason.CANCEL)));
  }

  private record Overdue(ThreadId thread, RunId run) {}

  private void expire() {
    var now = clock.instant();
    var overdue =
        jdbc.list(
            """
            SELECT thread_id, id FROM runs
            WHERE status IN ('queued', 'in_progress', 'requires_action', 'cancelling')
              AND expires_at <= ?
            ORDER BY expires_at LIMIT ?
            """,
            row -> new Overdue(row.text("thread_id", ThreadId::new), row.text("id", RunId::new)),
            now,
            EXPIRED_AT_ONCE);
    for (var run : overdue) {
      var live = liveRuns.find(run.run());
      if (live.isPresent()) {
        live.get().stop(LiveRun.StopReason.EXPIRE);
      } else {
        endIdleRun.end(run.thread(), run.run(), Run.End.EXPIRED, now);
      }
    }
  }

  /** Lets runs finish for a while, then leaves them to the others. */
  void onStop(@Observes @Priority(1) ShutdownEvent stop) {
    liveRuns.stopAccepting();
    broom.shutdownNow();
    long deadline = System.nanoTime() + config.drain().toNanos();
    while (liveRuns.size() > 0 && System.nanoTime() < deadline) {
      LockSupport.parkNanos(DRAIN_LOOK.toNanos());
    }
    liveRuns.all().forEach(live -> live.stop(LiveRun.StopReason.HAND_OVER));
    while (liveRuns.size() > 0
        && System.nanoTime() < deadline + DRAIN_LOOK.multipliedBy(20).toNanos()) {
      LockSupport.parkNanos(DRAIN_LOOK.toNanos());
    }
    heart.shutdownNow();
    logFailures("leave", node::deregister);
    signals.send(new RunSignal.NodeLeft());
  }

  /** A sweep that fails must not be the last one. */
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
