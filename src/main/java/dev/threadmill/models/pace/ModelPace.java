package dev.threadmill.models.pace;

import dev.threadmill.api.WorkOwner;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Bounds the concurrent calls of one model on this node by additive increase and multiplicative
 * decrease: a 429 of the provider halves the bound, each call that succeeds raises it, and a minute
 * without a 429 removes it. While there is a bound, projects have equal shares of it: the next
 * place is that of the project that has the fewest calls in progress.
 */
public final class ModelPace {
  private static final Duration FREE_AFTER = Duration.ofMinutes(1);
  private static final Duration MAX_WAIT = Duration.ofMinutes(1);
  private static final int MAX_WAITING = 1_000;
  private static final double UNBOUNDED = Double.POSITIVE_INFINITY;

  private final LongSupplier nanoTime;
  private final ReentrantLock lock = new ReentrantLock();
  private final Map<String, Integer> inProgress = new HashMap<>();
  private final Map<String, ArrayDeque<Waiter>> waiting = new LinkedHashMap<>();
  private double bound = UNBOUNDED;
  private int total;
  private int waiters;
  private long limitedAt;

  public ModelPace() {
    this(System::nanoTime);
  }

  ModelPace(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
  }

  private static final class Waiter {
    final CountDownLatch admitted = new CountDownLatch(1);
  }

  /** What came of a call. */
  public enum Outcome {
    SUCCEEDED,
    /** The provider limits the rate. */
    LIMITED,
    /** Anything else, which says nothing about the rate. */
    FAILED
  }

  /** A place among the concurrent calls, which has to be ended once. */
  public final class Place {
    private final String owner;
    private final long begun = nanoTime.getAsLong();

    private Place(String owner) {
      this.owner = owner;
    }

    /** Gives the place to the next call. */
    public void end(Outcome outcome) {
      lock.lock();
      try {
        adapt(outcome, begun);
        total--;
        inProgress.computeIfPresent(owner, (_, calls) -> calls == 1 ? null : calls - 1);
        admitWaiters();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Waits for a place, in the name of the {@link WorkOwner} of the thread.
   *
   * @return empty if too many calls wait, or this one has waited for a minute
   */
  public Optional<Place> enter() throws InterruptedException {
    var owner = WorkOwner.current();
    var waiter = new Waiter();
    lock.lock();
    try {
      removeOldBound();
      if (waiters == 0 && total < bound()) {
        return Optional.of(admit(owner));
      }
      if (waiters >= MAX_WAITING) {
        return Optional.empty();
      }
      waiting.computeIfAbsent(owner, _ -> new ArrayDeque<>()).add(waiter);
      waiters++;
    } finally {
      lock.unlock();
    }
    boolean isAdmitted = false;
    try {
      isAdmitted = waiter.admitted.await(MAX_WAIT.toNanos(), TimeUnit.NANOSECONDS);
    } finally {
      if (!isAdmitted) {
        leave(owner, waiter);
      }
    }
    return isAdmitted ? Optional.of(new Place(owner)) : Optional.empty();
  }

  /** A waiter that was admitted as it gave up returns its place. */
  private void leave(String owner, Waiter waiter) {
    lock.lock();
    try {
      if (waiter.admitted.getCount() == 0) {
        new Place(owner).end(Outcome.FAILED);
        return;
      }
      var queue = waiting.get(owner);
      queue.remove(waiter);
      waiters--;
      if (queue.isEmpty()) {
        waiting.remove(owner);
      }
    } finally {
      lock.unlock();
    }
  }

  /** How many concurrent calls this owner may make; empty while there is no bound. */
  public Optional<Integer> share(String owner) {
    lock.lock();
    try {
      removeOldBound();
      if (bound == UNBOUNDED) {
        return Optional.empty();
      }
      var owners = new HashSet<>(inProgress.keySet());
      owners.addAll(waiting.keySet());
      owners.add(owner);
      return Optional.of(Math.max(1, bound() / owners.size()));
    } finally {
      lock.unlock();
    }
  }

  private int bound() {
    return bound == UNBOUNDED ? Integer.MAX_VALUE : (int) bound;
  }

  private Place admit(String owner) {
    total++;
    inProgress.merge(owner, 1, Integer::sum);
    return new Place(owner);
  }

  private void adapt(Outcome outcome, long begun) {
    switch (outcome) {
      case SUCCEEDED -> {
        if (bound != UNBOUNDED) {
          bound += Math.max(1 / bound, 0.25);
        }
        removeOldBound();
      }
      case LIMITED -> {
        long now = nanoTime.getAsLong();
        // Calls that were in progress at the last 429 say nothing new.
        if (bound == UNBOUNDED || begun - limitedAt > 0) {
          bound = Math.max(1, Math.min(bound, total) / 2);
          limitedAt = now;
        }
      }
      case FAILED -> {}
    }
  }

  private void removeOldBound() {
    if (bound != UNBOUNDED && nanoTime.getAsLong() - limitedAt > FREE_AFTER.toNanos()) {
      bound = UNBOUNDED;
      admitWaiters();
    }
  }

  private void admitWaiters() {
    while (waiters > 0 && total < bound()) {
      var next =
          waiting.keySet().stream()
              .min(Comparator.comparing(owner -> inProgress.getOrDefault(owner, 0)))
              .orElseThrow();
      var queue = waiting.remove(next);
      var waiter = queue.poll();
      waiters--;
      if (!queue.isEmpty()) {
        // Behind the others, which have their turn before it if they have as many calls.
        waiting.put(next, queue);
      }
      var _ = admit(next);
      waiter.admitted.countDown();
    }
  }
}
