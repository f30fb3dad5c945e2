package dev.threadmill.runs.node;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.RunId;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.runs.execution.LiveRun;
import dev.threadmill.runs.execution.RunSignal;
import dev.threadmill.runs.execution.RunSubscriptions;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/**
 * Wakes the readers of a run when it changes: those on this node, and those on nodes that have
 * subscribed to the run. A run that no other node has subscribed to costs no signal.
 */
@ApplicationScoped
public class RunSignals {
  /** Nodes renew their subscriptions every {@link RunSubscriptions#RENEWAL_INTERVAL}. */
  private static final Duration TTL = Duration.ofSeconds(90);

  private static final int MAX_ENTRIES = 500_000;

  private final LocalRuns localRuns;
  private final RunSubscriptions subscriptions;
  private final Signals signals;
  private final Cache<RunId, Boolean> subscribedRemotely = newCache();

  /** For nodes whose subscription arrives after the change. */
  private final Cache<RunId, Boolean> changedRecently = newCache();

  public RunSignals(LocalRuns localRuns, RunSubscriptions subscriptions, Signals signals) {
    this.localRuns = localRuns;
    this.subscriptions = subscriptions;
    this.signals = signals;
  }

  private static Cache<RunId, Boolean> newCache() {
    return Caffeine.newBuilder().expireAfterWrite(TTL).maximumSize(MAX_ENTRIES).build();
  }

  /** Wakes the readers of a run that has changed in the database. */
  public void runChanged(RunId run) {
    subscriptions.wake(run);
    if (signals.isAlone()) {
      return;
    }
    // Recorded before the look-up of subscriptions, so that a concurrent subscription sees it.
    changedRecently.put(run, true);
    if (subscribedRemotely.getIfPresent(run) != null) {
      signals.send(new RunSignal.RunChanged(run));
    }
  }

  /** A run may be claimed: by this node if it has capacity, otherwise by another. */
  public void workAvailable() {
    if (!localRuns.requestClaim()) {
      announceQueued();
    }
  }

  /**
   * A run waits to be claimed.
   *
   * @param limited because of a limit of its project, not because this node has no capacity
   */
  public void runQueued(boolean limited) {
    if (limited) {
      workAvailable();
    } else {
      announceQueued();
    }
  }

  /** Signals to the other nodes that a run waits for a node with capacity. */
  private void announceQueued() {
    signals.send(new RunSignal.RunQueued());
  }

  /** Signals to the node that executes the run that it is to be cancelled. */
  public void cancelRequested(RunId run) {
    signals.send(new RunSignal.CancelRequested(run));
  }

  /** Another node has readers of the run, which may have missed its latest change. */
  public void remoteSubscriptionRequested(RunId run) {
    subscribedRemotely.put(run, true);
    if (changedRecently.getIfPresent(run) != null) {
      signals.send(new RunSignal.RunChanged(run));
    }
  }

  /** This node starts to execute the run: readers on other nodes are woken by each event. */
  public void executionStarted(LiveRun live) {
    if (subscribedRemotely.getIfPresent(live.claimedRun().id()) != null) {
      notifyRemoteReaders(live);
    }
  }

  /** Journals the run from here on, and wakes its readers on other nodes with each change. */
  public void notifyRemoteReaders(LiveRun live) {
    var run = live.claimedRun().id();
    live.events().addDatabaseReader(new RemoteReaders(signals, run));
    signals.send(new RunSignal.RunChanged(run));
  }

  /** One reader of a live run that stands for all readers on other nodes. */
  private record RemoteReaders(Signals signals, RunId changed) implements Runnable {
    @Override
    public void run() {
      signals.send(new RunSignal.RunChanged(changed));
    }
  }
}
