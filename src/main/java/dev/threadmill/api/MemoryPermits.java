package dev.threadmill.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * Permits for parts of the heap. Large objects acquire as many bytes as they need and wait in order
 * for others to release theirs, so that many of them at the same time take longer and do not
 * exhaust the heap.
 */
public final class MemoryPermits {
  private final long capacity;
  private final Queue<Waiting> waiters = new ArrayDeque<>();
  private long available;

  /** Permits for this many bytes. */
  public MemoryPermits(long bytes) {
    this.capacity = bytes;
    this.available = bytes;
  }

  /** Permits for this percentage of the maximum heap. */
  public static MemoryPermits ofHeap(int percent) {
    return new MemoryPermits(Runtime.getRuntime().maxMemory() / 100 * percent);
  }

  private record Waiting(long bytes, CompletableFuture<Permit> place) {}

  /** An acquired permit. */
  public final class Permit implements AutoCloseable {
    private long bytes;

    private Permit(long bytes) {
      this.bytes = bytes;
    }

    /** Releases the permit; further calls have no effect. */
    @Override
    public void close() {
      release(this);
    }
  }

  /**
   * Acquires a permit. To stop waiting, {@link #giveUp} it.
   *
   * @param bytes how many; a request larger than the capacity gets all of it
   * @return completes when the permit is granted, usually at once
   */
  public CompletableFuture<Permit> acquire(long bytes) {
    var place = new CompletableFuture<Permit>();
    synchronized (this) {
      waiters.add(new Waiting(Math.min(bytes, capacity), place));
    }
    place.whenComplete((_, gaveUp) -> grantAfterCancel(gaveUp));
    grantWaiters();
    return place;
  }

  /** Stops waiting for a permit, and releases it if it was granted meanwhile. */
  public static void giveUp(CompletableFuture<Permit> place) {
    if (!place.cancel(false)) {
      place.join().close();
    }
  }

  /** The waiters behind a cancelled one may be granted now. */
  private void grantAfterCancel(Throwable gaveUp) {
    if (gaveUp != null) {
      grantWaiters();
    }
  }

  private void release(Permit permit) {
    synchronized (this) {
      available += permit.bytes;
      permit.bytes = 0;
    }
    grantWaiters();
  }

  /** Completes the futures outside of the lock, since their callbacks run here. */
  private void grantWaiters() {
    for (var next : takeGrantable()) {
      var permit = new Permit(next.bytes());
      if (!next.place().complete(permit)) {
        permit.close();
      }
    }
  }

  /** Removes the waiters that can be granted, and takes their bytes. */
  private synchronized List<Waiting> takeGrantable() {
    var next = new ArrayList<Waiting>();
    while (!waiters.isEmpty()
        && (waiters.peek().place().isDone() || waiters.peek().bytes() <= available)) {
      var first = waiters.remove();
      if (!first.place().isDone()) {
        available -= first.bytes();
        next.add(first);
      }
    }
    return next;
  }
}
