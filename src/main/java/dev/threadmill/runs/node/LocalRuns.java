package dev.threadmill.runs.node;

import dev.threadmill.api.RunId;
import dev.threadmill.runs.execution.LiveRun;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** The runs that this node executes, and its capacity for more. */
@ApplicationScoped
public class LocalRuns {
  private final ConcurrentHashMap<RunId, LiveRun> runs = new ConcurrentHashMap<>();
  private final Semaphore capacity;
  private volatile boolean stopping;
  private volatile boolean claimWanted;
  private volatile Runnable capacityListener = () -> {};

  public LocalRuns(RunsConfig config) {
    this.capacity = new Semaphore(config.concurrency());
  }

  /** Acquires capacity for one run. False if there is none, or the node is stopping. */
  public boolean tryAcquire() {
    boolean acquired = !stopping && capacity.tryAcquire();
    if (!acquired) {
      claimWanted = true;
    }
    return acquired;
  }

  /** Acquires capacity for as many runs as there is, up to this number. Returns how many. */
  public int tryAcquire(int wanted) {
    int acquired = 0;
    while (acquired < wanted && tryAcquire()) {
      acquired++;
    }
    return acquired;
  }

  /** Gives capacity back that was acquired for runs which this node did not claim. */
  public void release(int runs) {
    capacity.release(runs);
  }

  /**
   * Sets what is called when a run ends while a run waits for capacity or for that run's thread.
   */
  public void setCapacityListener(Runnable action) {
    capacityListener = action;
  }

  /** Has the capacity listener called when the next run ends: a run waits on its thread. */
  public void notifyOnNextEnd() {
    claimWanted = true;
  }

  /** Has this node claim runs soon if it has capacity. False if it has none. */
  boolean requestClaim() {
    if (stopping || capacity.availablePermits() == 0) {
      claimWanted = true;
      return false;
    }
    capacityListener.run();
    return true;
  }

  /** This node executes the run from here on. */
  public void add(LiveRun run) {
    runs.put(run.claimedRun().id(), run);
  }

  /** This node does not execute the run any more; its capacity is free. */
  public void remove(LiveRun run) {
    runs.remove(run.claimedRun().id(), run);
    capacity.release();
    if (claimWanted) {
      claimWanted = false;
      capacityListener.run();
    }
  }

  /** The run, if this node executes it. */
  public Optional<LiveRun> find(RunId id) {
    return Optional.ofNullable(runs.get(id));
  }

  /** All runs that this node executes now. */
  public Collection<LiveRun> all() {
    return List.copyOf(runs.values());
  }

  /** How many runs this node executes now. */
  public int size() {
    return runs.size();
  }

  /** Refuses all further runs: the node is stopping. */
  public void stopAccepting() {
    stopping = true;
  }

  /** Whether the node is stopping and accepts no further runs. */
  public boolean isStopping() {
    return stopping;
  }
}
