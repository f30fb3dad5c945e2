package dev.threadmill.runs;

import dev.threadmill.api.RunId;
import dev.threadmill.runs.execution.LiveRun;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;

/** The runs that this node executes, and the room that it has for more. */
@ApplicationScoped
public class LocalRuns {
  private final ConcurrentHashMap<RunId, LiveRun> runs = new ConcurrentHashMap<>();
  private final Semaphore capacity;
  private volatile boolean stopping;
  private volatile boolean claimWanted;
  private volatile Runnable capacityListener = () -> {};

  LocalRuns(RunsConfig config) {
    this.capacity = new Semaphore(config.concurrency());
  }

  /** Takes room for one run. False if there is none. */
  public boolean tryAcquire() {
    boolean taken = !stopping && capacity.tryAcquire();
    if (!taken) {
      claimWanted = true;
    }
    return taken;
  }

  /** What to do when a run ends while somebody waits: for room, or for that very run. */
  public void setCapacityListener(Runnable action) {
    capacityListener = action;
  }

  /** Takes room for as many runs as there is, up to this number. Returns how many. */
  int tryAcquire(int wanted) {
    int taken = 0;
    while (taken < wanted && tryAcquire()) {
      taken++;
    }
    return taken;
  }

  /** As many places are free again that were taken for runs which this node did not get. */
  public void release(int places) {
    capacity.release(places);
  }

  /** A run waits for another on its thread: look whether it may go on when one ends. */
  public void notifyOnNextEnd() {
    claimWanted = true;
  }

  /** Has this node look for work at once if it has room. False if it has none. */
  boolean requestClaim() {
    if (stopping || capacity.availablePermits() == 0) {
      claimWanted = true;
      return false;
    }
    capacityListener.run();
    return true;
  }

  void add(LiveRun run) {
    runs.put(run.run().id(), run);
  }

  /** The run is not executed here any more. */
  void remove(LiveRun run) {
    runs.remove(run.run().id(), run);
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

  /** From here on there is no room: the node stops. */
  public void stopAccepting() {
    stopping = true;
  }

  /** Whether the node stops and takes no more runs. */
  public boolean isStopping() {
    return stopping;
  }
}
