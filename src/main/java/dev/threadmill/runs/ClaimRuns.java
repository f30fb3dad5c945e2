package dev.threadmill.runs;

import dev.threadmill.api.ProjectId;
import dev.threadmill.db.DatabaseException;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.limits.ConcurrencyLimit;
import dev.threadmill.runs.execution.EventId;
import dev.threadmill.runs.execution.StreamEvent;
import dev.threadmill.runs.execution.StreamEvents;
import dev.threadmill.runs.node.LocalRuns;
import dev.threadmill.runs.node.NodeLease;
import dev.threadmill.runs.store.EventLog;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunKey;
import dev.threadmill.runs.store.RunStore;
import dev.threadmill.runs.store.RunTransitions;
import dev.threadmill.runs.store.RunWorkQueue;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepStore;
import dev.threadmill.threads.ThreadTail;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;
import org.jboss.logging.Logger;

/**
 * Claims queued runs for this node, as many as it has capacity for. Projects take turns, so that
 * one with ten thousand queued runs does not delay another's single run.
 */
@ApplicationScoped
public class ClaimRuns {
  private static final Logger LOG = Logger.getLogger(ClaimRuns.class);
  private static final int MAX_BATCH = 50;

  private final Jdbc jdbc;
  private final LocalRuns localRuns;
  private final StartRun startRun;
  private final AbandonRun abandonRun;
  private final RunStore runs;
  private final RunWorkQueue workQueue;
  private final RunTransitions transitions;
  private final StepStore steps;
  private final ThreadTail threadTail;
  private final NodeLease node;
  private final ConcurrencyLimit concurrency;
  private final InstantSource clock;

  public ClaimRuns(
      Jdbc jdbc,
      LocalRuns localRuns,
      StartRun startRun,
      AbandonRun abandonRun,
      RunStore runs,
      RunWorkQueue workQueue,
      RunTransitions transitions,
      StepStore steps,
      ThreadTail threadTail,
      NodeLease node,
      ConcurrencyLimit concurrency,
      InstantSource clock) {
    this.jdbc = jdbc;
    this.localRuns = localRuns;
    this.startRun = startRun;
    this.abandonRun = abandonRun;
    this.runs = runs;
    this.workQueue = workQueue;
    this.transitions = transitions;
    this.steps = steps;
    this.threadTail = threadTail;
    this.node = node;
    this.concurrency = concurrency;
    this.clock = clock;
  }

  private record Claim(Run run, EventId position, List<StreamEvent> events) {}

  /** Claims queued runs and starts them. Returns their number. */
  public int claim() {
    int claimed = 0;
    while (node.isRegistered()) {
      int capacity = localRuns.tryAcquire(MAX_BATCH);
      if (capacity == 0) {
        return claimed;
      }
      List<Claim> batch = List.of();
      try {
        batch = jdbc.inTransaction(tx -> claim(tx, capacity));
      } catch (DatabaseException e) {
        throw e;
      } catch (RuntimeException e) {
        LOG.error("queued runs could not be claimed, looking for one that cannot be read", e);
        abandonUnreadable(capacity);
        return claimed;
      } finally {
        localRuns.release(capacity - batch.size());
      }
      batch.forEach(this::start);
      claimed += batch.size();
      if (batch.size() < capacity) {
        return claimed;
      }
    }
    return claimed;
  }

  private void start(Claim claim) {
    var run = claim.run();
    List<Step> before;
    try {
      before = run.attempt() == 1 ? List.of() : jdbc.whenAvailable(() -> steps.ofRun(run));
    } catch (RuntimeException e) {
      LOG.errorf(e, "steps could not be read run_id=%s", run.id());
      localRuns.release(1);
      abandonRun.commitFailure(RunKey.of(run), unreadable());
      return;
    }
    startRun.start(new ClaimedRun(run, claim.position(), claim.events(), before));
  }

  /** Fails the runs whose rows cannot be read, so that they do not hold up the queue. */
  private void abandonUnreadable(int limit) {
    for (var key : jdbc.inTransaction(tx -> workQueue.claimable(tx, limit))) {
      try {
        jdbc.inTransaction(tx -> runs.lock(tx, key.thread(), key.run()));
      } catch (DatabaseException e) {
        throw e;
      } catch (RuntimeException e) {
        LOG.errorf(e, "run could not be read run_id=%s", key.run());
        abandonRun.commitFailure(key, unreadable());
      }
    }
  }

  private static RunError unreadable() {
    return RunError.server("The server could not read what it has stored of the run.");
  }

  private List<Claim> claim(Tx tx, int limit) {
    var batch = new ArrayList<>(claimReady(tx, limit));
    if (batch.size() < limit) {
      batch.addAll(claimQueued(tx, limit - batch.size()));
    }
    return batch;
  }

  /** Runs whose child runs have all ended come first. */
  private List<Claim> claimReady(Tx tx, int limit) {
    var batch = new ArrayList<Claim>();
    for (var run : workQueue.lockReady(tx, limit)) {
      var claimed = run.claimed(node.id(), run.attempt() + 1, run.times().started());
      var events = List.of(StreamEvents.attemptStarted(claimed.attempt()));
      batch.add(commitClaim(tx, run, claimed, events));
    }
    return batch;
  }

  private List<Claim> claimQueued(Tx tx, int limit) {
    var queued = withinLimits(tx, workQueue.lockQueued(tx, limit));
    var threads = queued.stream().map(Run::threadId).toList();
    var times = threadTail.after(tx, threads, clock.instant());
    var batch = new ArrayList<Claim>();
    for (var run : queued) {
      var claimed = run.claimed(node.id(), run.attempt() + 1, times.get(run.threadId()));
      var events =
          List.of(StreamEvents.attemptStarted(claimed.attempt()), StreamEvents.runStatus(claimed));
      batch.add(commitClaim(tx, run, claimed, events));
    }
    return batch;
  }

  private Claim commitClaim(Tx tx, Run run, Run claimed, List<StreamEvent> events) {
    transitions.claim(
        tx, claimed, EventLog.format(events.stream().map(StreamEvent::event).toList()));
    return new Claim(claimed, EventId.endOf(run), events);
  }

  /** Omits runs of projects whose last free slot another node has taken meanwhile. */
  private List<Run> withinLimits(Tx tx, List<Run> queued) {
    var limited = new TreeSet<ProjectId>(Comparator.comparing(ProjectId::value));
    queued.stream().map(Run::projectId).filter(concurrency::isLimited).forEach(limited::add);
    if (limited.isEmpty()) {
      return queued;
    }
    var free = concurrency.lockAvailableSlots(tx, limited);
    return queued.stream()
        .sorted(Comparator.comparing((Run run) -> run.times().created()))
        .filter(
            run ->
                run.origin() != null
                    || !free.containsKey(run.projectId())
                    || free.merge(run.projectId(), -1, Integer::sum) >= 0)
        .toList();
  }
}
