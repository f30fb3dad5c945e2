package dev.threadmill.limits;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/**
 * The calls of this node that wait until their project has room for them again: one line a project,
 * first come, first served. Only the head of a line looks, when something was given back here, and
 * from time to time, since it may have been on another node.
 */
@ApplicationScoped
class FairQueue {
  /** So many may wait in one line: they keep a place for runs of their node. */
  static final int MAX_WAITING = 100;

  /** How often the head of a line looks for what other nodes have given back. */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(200);

  /** A line is there as long as somebody stands in it. */
  private final Cache<ProjectId, Queue> queues = Caffeine.newBuilder().weakValues().build();

  private static final class Queue {
    final Semaphore head = new Semaphore(1, true);
    final Semaphore signal = new Semaphore(0);
  }

  /** A look at whether there is room now. */
  interface Look<T> {
    /** What was waited for. */
    record Acquired<T>(T value) implements Attempt<T> {}

    /** Not yet. It may be sensible to look again after this time. */
    record RetryAfter<T>(Duration delay) implements Attempt<T> {}

    /** What came of a look. */
    sealed interface Attempt<T> permits Acquired, RetryAfter {}
  }

  /** Something of the project's was given back. */
  void signal(ProjectId project) {
    var line = queues.getIfPresent(project);
    if (line != null && line.signal.availablePermits() == 0) {
      line.signal.release();
    }
  }

  /**
   * Whether others of the project wait here, so that it would be unfair not to wait behind them.
   */
  boolean hasWaiters(ProjectId project) {
    var line = queues.getIfPresent(project);
    return line != null && line.head.availablePermits() == 0;
  }

  /**
   * Waits in line and looks until there is room, but no longer than this; empty if there was none,
   * or if the line is too long already.
   */
  <T> Optional<T> await(ProjectId project, Duration patience, Supplier<Look.Attempt<T>> look)
      throws InterruptedException {
    var line = queues.get(project, _ -> new Queue());
    if (line.head.getQueueLength() >= MAX_WAITING) {
      return Optional.empty();
    }
    long deadline = System.nanoTime() + patience.toNanos();
    if (!line.head.tryAcquire(patience.toNanos(), TimeUnit.NANOSECONDS)) {
      return Optional.empty();
    }
    try {
      while (true) {
        line.signal.drainPermits();
        switch (look.get()) {
          case Look.Acquired<T>(var value) -> {
            return Optional.of(value);
          }
          case Look.RetryAfter<T>(var delay) -> {
            long left = deadline - System.nanoTime();
            if (left <= 0) {
              return Optional.empty();
            }
            long pause =
                delay.isZero()
                    ? POLL_INTERVAL.toNanos()
                    : Math.min(delay.toNanos(), POLL_INTERVAL.toNanos());
            line.signal.tryAcquire(Math.min(left, pause), TimeUnit.NANOSECONDS);
          }
        }
      }
    } finally {
      line.head.release();
    }
  }
}
