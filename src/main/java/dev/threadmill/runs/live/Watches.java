package dev.threadmill.runs.live;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.signals.Signal;
import dev.threadmill.db.signals.Signals;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.StoredRun;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The runs that somebody reads along with on this node. Of those that this node does not execute
 * the others are told, so that they tell of changes; since a signal may be lost, {@code LookAgain}
 * looks after them as well.
 */
@ApplicationScoped
public class Watches {
  /** How often the others are told of a watch that goes on. */
  public static final Duration SAID_AGAIN = Duration.ofSeconds(30);

  private final Signals signals;
  private final ConcurrentHashMap<RunId, Watch> watches = new ConcurrentHashMap<>();

  public Watches(Signals signals) {
    this.signals = signals;
  }

  /**
   * One watched run.
   *
   * @param seen how far the run was in the database when somebody last looked
   */
  public static final class Watch {
    private final ThreadId thread;
    private final RunId run;
    private final Set<Runnable> wakes = ConcurrentHashMap.newKeySet();
    private volatile Version seen;
    private volatile long lookedAt;
    private volatile boolean lookedTwice;

    private Watch(ThreadId thread, RunId run) {
      this.thread = thread;
      this.run = run;
    }

    /** The thread of the run. */
    public ThreadId thread() {
      return thread;
    }

    /** The run that is watched. */
    public RunId run() {
      return run;
    }

    private void wake() {
      wakes.forEach(Runnable::run);
    }

    /**
     * What moves is looked after at every sweep; what stands still only once more, after the others
     * have heard of the watch, and then from time to time.
     */
    boolean isDue(long now) {
      var at = seen;
      return at != null
          && !at.status().isTerminal()
          && (at.status() != RunStatus.REQUIRES_ACTION
              || !lookedTwice
              || now - lookedAt > SAID_AGAIN.toNanos());
    }
  }

  /** How far a run is in the database; null in its place means that this node executes it. */
  public record Version(int attempt, RunStatus status, int tape, long journal) {
    /** How far the run was when it was read. */
    public static Version of(StoredRun stored) {
      var run = stored.run();
      return new Version(
          run.attempt(),
          run.status(),
          run.tape().codePointCount(0, run.tape().length()),
          stored.journal().isEmpty() ? -1 : stored.journal().getLast().position());
    }
  }

  /** Somebody reads along, and is to be woken by this when there is more. */
  public void add(ThreadId thread, RunId run, Runnable wake) {
    watches.compute(
        run,
        (_, known) -> {
          var watch = known == null ? new Watch(thread, run) : known;
          watch.wakes.add(wake);
          return watch;
        });
  }

  /** The opposite of {@link #add}. */
  public void remove(RunId run, Runnable wake) {
    watches.computeIfPresent(
        run,
        (_, watch) -> {
          watch.wakes.remove(wake);
          return watch.wakes.isEmpty() ? null : watch;
        });
  }

  /** Those who read along look at the run. */
  public void wake(RunId run) {
    var watch = watches.get(run);
    if (watch != null) {
      watch.wake();
    }
  }

  /** This node executes the run, so there is nothing to ask the others for. */
  public void isHere(RunId run) {
    var watch = watches.get(run);
    if (watch != null) {
      watch.seen = null;
    }
  }

  /** A reader found the run in the database and not on this node. */
  public void isElsewhere(RunId run, Version version) {
    var watch = watches.get(run);
    if (watch == null) {
      return;
    }
    boolean isNew = watch.seen == null;
    boolean moved = isNew || watch.seen.attempt() != version.attempt();
    watch.seen = version;
    watch.lookedAt = System.nanoTime();
    if (moved && !version.status().isTerminal()) {
      watch.lookedTwice = false;
      signals.send(new Signal.WatchRequested(run));
    }
  }

  /** Tells the others of all watches: somebody may not have heard of them. */
  public void sayAgain() {
    for (var watch : watches.values()) {
      var at = watch.seen;
      if (at != null && !at.status().isTerminal()) {
        signals.send(new Signal.WatchRequested(watch.run));
      }
    }
  }

  /** The watches of runs elsewhere that are to be looked after now. */
  public List<Watch> due() {
    long now = System.nanoTime();
    var due = new ArrayList<Watch>();
    for (var watch : watches.values()) {
      if (watch.isDue(now)) {
        due.add(watch);
      }
    }
    return due;
  }

  /** Looks after all runs elsewhere at the next sweep: signals may have been missed. */
  public void allDue() {
    watches.values().forEach(watch -> watch.lookedTwice = false);
  }

  /** This is how far the run is: those who read along look at it if it has moved. */
  public void found(Watch watch, Version version) {
    var before = watch.seen;
    watch.lookedAt = System.nanoTime();
    watch.lookedTwice = true;
    if (before != null && !before.equals(version)) {
      watch.seen = version;
      watch.wake();
    }
  }
}
