package dev.threadmill.runs.execution;

import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
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
 * the others are told, so that they tell of changes; since a signal may be lost, {@code
 * ResyncRequested} looks after them as well.
 */
@ApplicationScoped
public class RunSubscriptions {
  /** How often the others are told of a watch that goes on. */
  public static final Duration RENEWAL_INTERVAL = Duration.ofSeconds(30);

  private final Signals signals;
  private final ConcurrentHashMap<RunId, Subscription> subscriptions = new ConcurrentHashMap<>();

  public RunSubscriptions(Signals signals) {
    this.signals = signals;
  }

  /**
   * One watched run.
   *
   * @param seen how far the run was in the database when somebody last looked
   */
  public static final class Subscription {
    private final ThreadId thread;
    private final RunId run;
    private final Set<Runnable> subscribers = ConcurrentHashMap.newKeySet();
    private volatile Version lastSeen;
    private volatile long polledAt;
    private volatile boolean polledSinceRenewal;

    private Subscription(ThreadId thread, RunId run) {
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
      subscribers.forEach(Runnable::run);
    }

    /**
     * What moves is looked after at every sweep; what stands still only once more, after the others
     * have heard of the watch, and then from time to time.
     */
    boolean isDue(long now) {
      var at = lastSeen;
      return at != null
          && !at.status().isTerminal()
          && (at.status() != RunStatus.REQUIRES_ACTION
              || !polledSinceRenewal
              || now - polledAt > RENEWAL_INTERVAL.toNanos());
    }
  }

  /** How far a run is in the database; null in its place means that this node executes it. */
  public record Version(int attempt, RunStatus status, int logLength, long journal) {
    /** How far the run was when it was read. */
    public static Version of(StoredRun stored) {
      var run = stored.run();
      return new Version(
          run.attempt(),
          run.status(),
          run.eventLog().codePointCount(0, run.eventLog().length()),
          stored.journal().isEmpty() ? -1 : stored.journal().getLast().position());
    }
  }

  /** Somebody reads along, and is to be woken by this when there is more. */
  public void subscribe(ThreadId thread, RunId run, Runnable wake) {
    subscriptions.compute(
        run,
        (_, known) -> {
          var watch = known == null ? new Subscription(thread, run) : known;
          watch.subscribers.add(wake);
          return watch;
        });
  }

  /** The opposite of {@link #subscribe}. */
  public void unsubscribe(RunId run, Runnable wake) {
    subscriptions.computeIfPresent(
        run,
        (_, watch) -> {
          watch.subscribers.remove(wake);
          return watch.subscribers.isEmpty() ? null : watch;
        });
  }

  /** Those who read along look at the run. */
  public void wake(RunId run) {
    var watch = subscriptions.get(run);
    if (watch != null) {
      watch.wake();
    }
  }

  /** This node executes the run, so there is nothing to ask the others for. */
  public void markLocal(RunId run) {
    var watch = subscriptions.get(run);
    if (watch != null) {
      watch.lastSeen = null;
    }
  }

  /** A reader found the run in the database and not on this node. */
  public void markRemote(RunId run, Version version) {
    var watch = subscriptions.get(run);
    if (watch == null) {
      return;
    }
    boolean isNew = watch.lastSeen == null;
    boolean moved = isNew || watch.lastSeen.attempt() != version.attempt();
    watch.lastSeen = version;
    watch.polledAt = System.nanoTime();
    if (moved && !version.status().isTerminal()) {
      watch.polledSinceRenewal = false;
      signals.send(new RunSignal.SubscriptionRequested(run));
    }
  }

  /** Tells the others of all watches: somebody may not have heard of them. */
  public void renewAll() {
    for (var watch : subscriptions.values()) {
      var at = watch.lastSeen;
      if (at != null && !at.status().isTerminal()) {
        signals.send(new RunSignal.SubscriptionRequested(watch.run));
      }
    }
  }

  /** The watches of runs elsewhere that are to be looked after now. */
  public List<Subscription> due() {
    long now = System.nanoTime();
    var due = new ArrayList<Subscription>();
    for (var watch : subscriptions.values()) {
      if (watch.isDue(now)) {
        due.add(watch);
      }
    }
    return due;
  }

  /** Looks after all runs elsewhere at the next sweep: signals may have been missed. */
  public void markAllDue() {
    subscriptions.values().forEach(watch -> watch.polledSinceRenewal = false);
  }

  /** This is how far the run is: those who read along look at it if it has moved. */
  public void polled(Subscription watch, Version version) {
    var before = watch.lastSeen;
    watch.polledAt = System.nanoTime();
    watch.polledSinceRenewal = true;
    if (before != null && !before.equals(version)) {
      watch.lastSeen = version;
      watch.wake();
    }
  }
}
