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
 * Model calls on this node that wait for tokens: one first-in, first-out queue for each scope. Only
 * the head of a queue tries to reserve: when tokens were returned on this node, and at an interval,
 * since they may have been returned on another one.
 */
@ApplicationScoped
class FairQueue {
  /** The most calls of a project that may wait, since runs keep their slots while they do. */
  static final int MAX_WAITING = 100;

  /** How often the head of a queue looks for tokens that other nodes have returned. */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(200);

  /** A queue exists as long as a call waits in it. */
  private final Cache<LimitScope, Queue> queues = Caffeine.newBuilder().weakValues().build();

  private static final class Queue {
    final Semaphore head = new Semaphore(1, true);
    final Semaphore returned = new Semaphore(0);
  }

  /** An attempt to acquire what the queue is for. */
  interface Look<T> {
    /** It was acquired. */
    record Acquired<T>(T value) implements Attempt<T> {}

    /** It was not available. Zero if nothing is known about when it will be. */
    record RetryAfter<T>(Duration delay) implements Attempt<T> {}

    /** The result of an attempt. */
    sealed interface Attempt<T> permits Acquired, RetryAfter {}
  }

  /** Wakes the heads of the project's queues, since tokens were returned. */
  void signal(ProjectId project) {
    queues
        .asMap()
        .forEach(
            (scope, queue) -> {
              if (scope.project().equals(project) && queue.returned.availablePermits() == 0) {
                queue.returned.release();
              }
            });
  }

  /** Whether other calls wait in this queue; a new one must not overtake them. */
  boolean hasWaiters(LimitScope scope) {
    var queue = queues.getIfPresent(scope);
    return queue != null && queue.head.availablePermits() == 0;
  }

  /**
   * Waits for this call's turn and then until an attempt succeeds. Empty after the timeout, or if
   * too many calls of the project wait already.
   */
  <T> Optional<T> await(LimitScope scope, Duration timeout, Supplier<Look.Attempt<T>> attempt)
      throws InterruptedException {
    if (waiting(scope.project()) >= MAX_WAITING) {
      return Optional.empty();
    }
    var queue = queues.get(scope, _ -> new Queue());
    long deadline = System.nanoTime() + timeout.toNanos();
    if (!queue.head.tryAcquire(timeout.toNanos(), TimeUnit.NANOSECONDS)) {
      return Optional.empty();
    }
    try {
      while (true) {
        queue.returned.drainPermits();
        switch (attempt.get()) {
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
            queue.returned.tryAcquire(Math.min(left, pause), TimeUnit.NANOSECONDS);
          }
        }
      }
    } finally {
      queue.head.release();
    }
  }

  private int waiting(ProjectId project) {
    return queues.asMap().entrySet().stream()
        .filter(entry -> entry.getKey().project().equals(project))
        .mapToInt(entry -> entry.getValue().head.getQueueLength())
        .sum();
  }
}
