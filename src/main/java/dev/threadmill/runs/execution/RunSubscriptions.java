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
 * The runs that have readers on this node. The other nodes receive a subscription for each run that
 * they may execute, and signal its changes. Since signals may be lost, subscriptions are also
 * polled, and renewed from time to time.
 */
@ApplicationScoped
public class RunSubscriptions {
  /** How often subscriptions are sent again. */
  public static final Duration RENEWAL_INTERVAL = Duration.ofSeconds(30);

  private final Signals signals;
  private final ConcurrentHashMap<RunId, Subscription> subscriptions = new ConcurrentHashMap<>();

  public RunSubscriptions(Signals signals) {
    this.signals = signals;
  }

  /**
   * A run with readers on this node.
   *
   * @param seen the version of the run in the database at the last poll
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

    /** The run. */
    public RunId run() {
      return run;
    }

    private void wake() {
      subscribers.forEach(Runnable::run);
    }

    /**
     * A run that is executed is polled every time. A run that waits for its client is polled once
     * more, when the other nodes have received the subscription, and then from time to time.
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

  /** The version of a run in the database. Null in its place means that this node executes it. */
  public record Version(int attempt, RunStatus status, int logLength, long journal) {
    /** The version of a run that was loaded. */
    public static Version of(StoredRun stored) {
      var run = stored.run();
      return new Version(
          run.attempt(),
          run.status(),
          run.eventLog().codePointCount(0, run.eventLog().length()),
          stored.journal().isEmpty() ? -1 : stored.journal().getLast().position());
    }
  }

  /** Adds a reader, which {@code wake} notifies of changes. */
  public void subscribe(ThreadId thread, RunId run, Runnable wake) {
    subscriptions.compute(
        run,
        (_, known) -> {
          var subscription = known == null ? new Subscription(thread, run) : known;
          subscription.subscribers.add(wake);
          return subscription;
        });
  }

  /** The opposite of {@link #subscribe}. */
  public void unsubscribe(RunId run, Runnable wake) {
    subscriptions.computeIfPresent(
        run,
        (_, subscription) -> {
          subscription.subscribers.remove(wake);
          return subscription.subscribers.isEmpty() ? null : subscription;
        });
  }

  /** Notifies the readers of a run. */
  public void wake(RunId run) {
    var subscription = subscriptions.get(run);
    if (subscription != null) {
      subscription.wake();
    }
  }

  /** This node executes the run, so no subscription is sent or polled. */
  public void markLocal(RunId run) {
    var subscription = subscriptions.get(run);
    if (subscription != null) {
      subscription.lastSeen = null;
    }
  }

  /** A reader found the run in the database, and this node does not execute it. */
  public void markRemote(RunId run, Version version) {
    var subscription = subscriptions.get(run);
    if (subscription == null) {
      return;
    }
    boolean isNew = subscription.lastSeen == null;
    boolean moved = isNew || subscription.lastSeen.attempt() != version.attempt();
    subscription.lastSeen = version;
    subscription.polledAt = System.nanoTime();
    if (moved && !version.status().isTerminal()) {
      subscription.polledSinceRenewal = false;
      signals.send(new RunSignal.SubscriptionRequested(run));
    }
  }

  /** Sends all subscriptions again: a node may have missed them. */
  public void renewAll() {
    for (var subscription : subscriptions.values()) {
      var version = subscription.lastSeen;
      if (version != null && !version.status().isTerminal()) {
        signals.send(new RunSignal.SubscriptionRequested(subscription.run));
      }
    }
  }

  /** The subscriptions that are to be polled now. */
  public List<Subscription> due() {
    long now = System.nanoTime();
    var due = new ArrayList<Subscription>();
    for (var subscription : subscriptions.values()) {
      if (subscription.isDue(now)) {
        due.add(subscription);
      }
    }
    return due;
  }

  /** Has all subscriptions polled the next time: signals may have been lost. */
  public void markAllDue() {
    subscriptions.values().forEach(subscription -> subscription.polledSinceRenewal = false);
  }

  /** A poll found this version: the readers are notified if it is a new one. */
  public void polled(Subscription subscription, Version version) {
    var before = subscription.lastSeen;
    subscription.polledAt = System.nanoTime();
    subscription.polledSinceRenewal = true;
    if (before != null && !before.equals(version)) {
      subscription.lastSeen = version;
      subscription.wake();
    }
  }
}
