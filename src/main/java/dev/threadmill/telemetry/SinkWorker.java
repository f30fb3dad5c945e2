package dev.threadmill.telemetry;

import dev.threadmill.telemetry.OutboxStore.Progress;
import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/**
 * Delivers the events of the outbox to one sink, on a virtual thread of its own. It sleeps until it
 * is woken. Only the node that holds the sink's lease delivers; the others pass their wake-ups on
 * to it, and acquire the lease when it ends.
 */
final class SinkWorker implements Runnable {
  private static final Logger LOG = Logger.getLogger(SinkWorker.class);

  static final int MAX_BATCH = 500;
  private static final Duration UNTIL_WOKEN = Duration.ofDays(1);
  private static final Duration ACKNOWLEDGE_AFTER = Duration.ofSeconds(3);
  private static final Duration CLEAN_AFTER = Duration.ofSeconds(10);
  private static final Duration MAX_BACKOFF = Duration.ofMinutes(1);

  private final OutboxSink sink;
  private final OutboxStore store;
  private final TelemetryConfig config;
  private final String node;
  private final Runnable notifyOwner;
  private final Semaphore wakeups = new Semaphore(0);
  private final AtomicBoolean isWoken = new AtomicBoolean();
  private Progress progress = Progress.NONE;
  private boolean isRegistered;
  private boolean isDirty;
  private int failures;
  private long ownedElsewhereUntil = System.nanoTime();
  private long cleanAt = System.nanoTime() + CLEAN_AFTER.toNanos();

  /**
   * @param notifyOwner wakes the worker of the node that holds the lease
   */
  SinkWorker(
      OutboxSink sink,
      OutboxStore store,
      TelemetryConfig config,
      String node,
      Runnable notifyOwner) {
    this.sink = sink;
    this.store = store;
    this.config = config;
    this.node = node;
    this.notifyOwner = notifyOwner;
  }

  /** There may be new events. Never blocks. */
  void wake() {
    if (isWoken.compareAndSet(false, true)) {
      wakeups.release();
    }
  }

  @Override
  public void run() {
    try {
      var pause = Duration.ZERO;
      while (true) {
        if (wakeups.tryAcquire(pause.toNanos(), TimeUnit.NANOSECONDS)) {
          // More events are about to come: together they cost one statement.
          TimeUnit.NANOSECONDS.sleep(config.outboxLinger().toNanos());
        }
        isWoken.set(false);
        pause = step();
      }
    } catch (InterruptedException e) {
      stop();
    }
  }

  /**
   * Delivers what is due, once.
   *
   * @return after which time to try again unless woken
   */
  Duration step() throws InterruptedException {
    long left = ownedElsewhereUntil - System.nanoTime();
    if (left > 0) {
      notifyOwner.run();
      return Duration.ofNanos(left);
    }
    try {
      var pause = deliver();
      failures = 0;
      return pause;
    } catch (InterruptedException e) {
      throw e;
    } catch (Exception e) {
      progress = Progress.NONE;
      return backOff(e);
    }
  }

  private Duration deliver() throws Exception {
    if (!isRegistered) {
      store.register(sink.name());
      isRegistered = true;
    }
    var next =
        store.next(sink.name(), node, config.outboxLease(), progress, MAX_BATCH).orElse(null);
    if (next == null) {
      progress = Progress.NONE;
      // Nodes without this sink may have removed it.
      isRegistered = false;
      ownedElsewhereUntil = System.nanoTime() + config.outboxLease().toNanos();
      notifyOwner.run();
      return config.outboxLease();
    }
    if (!next.events().isEmpty()) {
      sink.deliver(next.events());
      isDirty = true;
    }
    progress = next.progress();
    if (!progress.isWindowDone()) {
      return Duration.ZERO;
    }
    if (isDirty && System.nanoTime() - cleanAt > 0) {
      // Under steady load the outbox is never empty, and would grow.
      clean();
    }
    if (next.hasMore()) {
      // They are behind a transaction that is still running.
      return config.outboxLinger();
    }
    if (!next.events().isEmpty()) {
      return ACKNOWLEDGE_AFTER;
    }
    if (isDirty) {
      isDirty = false;
      clean();
    }
    return UNTIL_WOKEN;
  }

  private void clean() {
    cleanAt = System.nanoTime() + CLEAN_AFTER.toNanos();
    int lost = store.clean(config.outboxRetention());
    if (lost > 0) {
      LOG.errorf(
          "outbox deleted undelivered events sink=%s events=%d older_than=%s",
          sink.name(), lost, config.outboxRetention());
    }
  }

  private Duration backOff(Exception cause) {
    failures++;
    LOG.warnf("outbox not delivered sink=%s failures=%d cause=%s", sink.name(), failures, cause);
    long seconds = 1L << Math.min(failures - 1, 10);
    return seconds < MAX_BACKOFF.toSeconds() ? Duration.ofSeconds(seconds) : MAX_BACKOFF;
  }

  /** Stores what was delivered and lets another node go on. */
  private void stop() {
    try {
      if (isDirty) {
        store.next(sink.name(), node, config.outboxLease(), progress, 1);
      }
      store.release(sink.name(), node);
    } catch (RuntimeException e) {
      LOG.debugf("outbox lease not released sink=%s cause=%s", sink.name(), e.getMessage());
    }
  }
}
