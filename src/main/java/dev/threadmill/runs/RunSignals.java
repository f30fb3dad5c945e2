package dev.threadmill.runs;

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
 * Who is told when a run changes: those who read along on this node, and the nodes that have said
 * that somebody reads along there. A run that nobody watches from elsewhere costs no signal.
 */
@ApplicationScoped
public class RunSignals {
  /** Nodes say that they watch every {@link RunSubscriptions#RENEWAL_INTERVAL}. */
  private static final Duration REMEMBERED = Duration.ofSeconds(90);

  private static final int MOST_REMEMBERED = 500_000;

  private final LocalRuns liveRuns;
  private final RunSubscriptions watches;
  private final Signals signals;
  private final Cache<RunId, Boolean> watchedElsewhere = remembered();

  /** For a node that says too late, or again because it was not heard, that it watches. */
  private final Cache<RunId, Boolean> changedHere = remembered();

  RunSignals(LocalRuns liveRuns, RunSubscriptions watches, Signals signals) {
    this.liveRuns = liveRuns;
    this.watches = watches;
    this.signals = signals;
  }

  private static Cache<RunId, Boolean> remembered() {
    return Caffeine.newBuilder().expireAfterWrite(REMEMBERED).maximumSize(MOST_REMEMBERED).build();
  }

  /** The run has changed in the database. */
  void runChanged(RunId run) {
    watches.wake(run);
    if (signals.isAlone()) {
      return;
    }
    // Remembered before anybody is looked for, so that whoever comes meanwhile finds it.
    changedHere.put(run, true);
    if (watchedElsewhere.getIfPresent(run) != null) {
      signals.send(new RunSignal.RunChanged(run));
    }
  }

  /** There is something to claim: this node does if it has room, otherwise another. */
  void workAvailable() {
    if (!liveRuns.requestClaim()) {
      announceQueued();
    }
  }

  /**
   * A run waits to be claimed.
   *
   * @param bounded because of a bound of its project, not because this node has no room
   */
  void runQueued(boolean bounded) {
    if (bounded) {
      workAvailable();
    } else {
      announceQueued();
    }
  }

  /** A run waits for a node with room, which this one has not. */
  void announceQueued() {
    signals.send(new RunSignal.RunQueued());
  }

  /** A run that another node executes is to be cancelled. */
  void cancelRequested(RunId run) {
    signals.send(new RunSignal.CancelRequested(run));
  }

  /** Somebody reads along on another node, who may not know what has changed just now. */
  public void remoteSubscriptionRequested(RunId run) {
    watchedElsewhere.put(run, true);
    if (changedHere.getIfPresent(run) != null) {
      signals.send(new RunSignal.RunChanged(run));
    }
  }

  /** This node begins to execute the run: whoever reads along elsewhere is told of each event. */
  void executionStarted(LiveRun live) {
    if (watchedElsewhere.getIfPresent(live.run().id()) != null) {
      notifyRemoteReaders(live);
    }
  }

  /** From here on the run is journaled, and each change of it is told. */
  public void notifyRemoteReaders(LiveRun live) {
    var run = live.run().id();
    live.events().addReader(new Tell(signals, run), () -> Integer.MAX_VALUE);
    live.events().startJournaling();
    signals.send(new RunSignal.RunChanged(run));
  }

  /** A reader of a live run that stands for those on other nodes; one for all of them. */
  private record Tell(Signals signals, RunId changed) implements Runnable {
    @Override
    public void run() {
      signals.send(new RunSignal.RunChanged(changed));
    }
  }
}
