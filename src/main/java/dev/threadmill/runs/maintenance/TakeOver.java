package dev.threadmill.runs.maintenance;

import dev.threadmill.api.RunId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.runs.AbandonRun;
import dev.threadmill.runs.ClaimedRun;
import dev.threadmill.runs.StartRun;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.node.RunsConfig;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunWorkQueue;
import dev.threadmill.runs.store.RunWorkQueue.OrphanedRun;
import dev.threadmill.runs.store.StepStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.jboss.logging.Logger;

/**
 * Takes over runs whose node has lost its lease or does not execute them, and continues after their
 * last committed step. The step that the node left open is ended first: a partly streamed message
 * stays in the thread as incomplete, and partly streamed tool calls get an output that states this.
 *
 * <p>A run on which {@value #MAX_CRASHES} nodes in a row have crashed without a commit fails
 * instead of being executed again: it may be the cause of the crashes. After the last but one crash
 * such runs are taken over a few at a time, so that runs that were executed with it are not taken
 * for the cause.
 */
@ApplicationScoped
public class TakeOver {
  private static final Logger LOG = Logger.getLogger(TakeOver.class);
  private static final int MAX_RUNS = 50;

  /** So many nodes may crash in a row while they execute a run. */
  static final int MAX_CRASHES = 3;

  /** So many runs that the next crash would fail are taken over in one round. */
  private static final int MAX_SUSPECTS = 4;

  /** A run that cannot be taken over so many times in a row is abandoned. */
  private static final int MAX_FAILURES = 3;

  private final Jdbc jdbc;
  private final LocalRuns localRuns;
  private final StartRun startRun;
  private final AbandonRun abandonRun;
  private final RunWorkQueue workQueue;
  private final ReclaimRun reclaimRun;
  private final StepStore steps;
  private final NodeLease node;
  private final RunsConfig config;

  /** Runs that this node owns and does not execute, and since when that is known. */
  private final Map<RunId, Long> strays = new HashMap<>();

  private final AtomicLong takenOver = new AtomicLong();

  /** How many times in a row the takeover of a run has failed. */
  private final Map<RunId, Integer> failures = new HashMap<>();

  public TakeOver(
      Jdbc jdbc,
      LocalRuns localRuns,
      StartRun startRun,
      AbandonRun abandonRun,
      RunWorkQueue workQueue,
      ReclaimRun reclaimRun,
      StepStore steps,
      NodeLease node,
      RunsConfig config) {
    this.jdbc = jdbc;
    this.localRuns = localRuns;
    this.startRun = startRun;
    this.abandonRun = abandonRun;
    this.workQueue = workQueue;
    this.reclaimRun = reclaimRun;
    this.steps = steps;
    this.node = node;
    this.config = config;
  }

  /** How many runs this node has taken over. */
  long count() {
    return takenOver.get();
  }

  /** Takes over runs without an owner, as far as there is capacity. Returns how many. */
  int takeOver() {
    int taken = 0;
    int suspects = 0;
    for (var orphan : orphans()) {
      boolean isSuspect = orphan.crashes() == MAX_CRASHES - 1;
      if (isSuspect && ++suspects > MAX_SUSPECTS) {
        continue;
      }
      if (!node.isRegistered() || !localRuns.tryAcquire()) {
        return taken;
      }
      if (takeOver(orphan)) {
        taken++;
      } else {
        localRuns.release(1);
      }
    }
    return taken;
  }

  /** False if it was not taken over; its capacity is still acquired then. */
  private boolean takeOver(OrphanedRun orphan) {
    var id = orphan.key().run();
    try {
      var taken = jdbc.inTransaction(tx -> reclaimRun.reclaim(tx, orphan));
      if (taken.isEmpty()) {
        return false;
      }
      start(taken.get(), orphan.crashes());
      failures.remove(id);
      return true;
    } catch (RuntimeException | Error e) {
      if (e instanceof DatabaseException fault && fault.isOutage()) {
        localRuns.release(1);
        throw e;
      }
      int count = failures.merge(id, 1, Integer::sum);
      LOG.errorf(e, "takeover failed unexpectedly run_id=%s times=%d", id, count);
      if (count >= MAX_FAILURES) {
        failures.remove(id);
        abandonRun.commitFailure(
            orphan.key(), RunError.server("The server had an error while recovering the run."));
      }
      return false;
    }
  }

  private void start(ReclaimRun.Reclaimed reclaimed, int crashes) {
    var run = reclaimed.run();
    takenOver.incrementAndGet();
    LOG.infof("run taken over run_id=%s attempt=%s", run.id(), run.attempt());
    var before = jdbc.whenAvailable(() -> steps.ofRun(run));
    var claimed = new ClaimedRun(run, reclaimed.position(), reclaimed.events(), before);
    if (crashes < MAX_CRASHES) {
      startRun.start(claimed);
    } else {
      LOG.errorf("run fails because of crashes run_id=%s crashes=%d", run.id(), crashes);
      startRun.startFailed(claimed, RunError.server(crashedTooOften(crashes)));
    }
  }

  private static String crashedTooOften(int crashes) {
    return "The run was stopped: %d servers in a row crashed while they executed it."
        .formatted(crashes);
  }

  private List<OrphanedRun> orphans() {
    var executed = localRuns.all().stream().map(live -> live.claimedRun().id()).toList();
    var found = workQueue.orphans(node.id(), executed, MAX_RUNS);
    var ids = found.stream().map(orphan -> orphan.key().run()).toList();
    strays.keySet().retainAll(ids);
    failures.keySet().retainAll(ids);
    return found.stream()
        .filter(orphan -> !node.id().equals(orphan.owner()) || isStray(orphan.key().run()))
        .toList();
  }

  /**
   * Whether a run that this node owns has not been executed here for the time of a lease: the
   * connection broke in the commit of its claim, which was taken to have failed.
   */
  private boolean isStray(RunId run) {
    long now = System.nanoTime();
    return now - strays.computeIfAbsent(run, _ -> now) > config.lease().toNanos();
  }
}
