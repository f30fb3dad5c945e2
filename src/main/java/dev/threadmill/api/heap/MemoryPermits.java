package dev.threadmill.api.heap;

import dev.threadmill.api.WorkOwner;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * Permits for parts of the heap. Large objects acquire as many bytes as they need and wait for
 * others to release theirs, so that many of them at the same time take longer and do not exhaust
 * the heap. Owners take turns, and none of them holds everything while another waits.
 */
public final class MemoryPermits {
  private final long capacity;

  /** An owner that holds permits gets no more than this in all. */
  private final long maxOfOwner;

  private final Map<String, Queue<Waiting>> waiters = new LinkedHashMap<>();
  private final Map<String, Long> held = new HashMap<>();
  private long available;

  /** Permits for this many bytes. */
  public MemoryPermits(long bytes) {
    this.capacity = bytes;
    this.maxOfOwner = bytes / 4 * 3;
    this.available = bytes;
  }

  /** Permits for this percentage of the maximum heap. */
  public static MemoryPermits ofHeap(int percent) {
    return new MemoryPermits(Runtime.getRuntime().maxMemory() / 100 * percent);
  }

  private record Waiting(String owner, long bytes, CompletableFuture<Permit> place) {}

  /** An acquired permit. */
  public final class Permit implements AutoCloseable {
    private final String owner;
    private long bytes;

    private Permit(String owner, long bytes) {
      this.owner = owner;
      this.bytes = bytes;
    }

    /** Releases what the permit has beyond this many bytes. */
    public void shrink(long newBytes) {
      releaseDownTo(this, newBytes);
    }

    /** Releases the permit; further calls have no effect. */
    @Override
    public void close() {
      releaseDownTo(this, 0);
    }
  }

  /** Acquires a permit for work of the server itself, which may take everything. */
  public CompletableFuture<Permit> acquire(long bytes) {
    return acquire(WorkOwner.NONE, bytes);
  }

  /**
   * Acquires a permit. To stop waiting, {@link #giveUp} it.
   *
   * @param owner whose turn it takes; its own requests are granted in their order
   * @param bytes how many; a request larger than the capacity gets all of it
   * @return completes when the permit is granted, usually at once
   */
  public CompletableFuture<Permit> acquire(String owner, long bytes) {
    var place = new CompletableFuture<Permit>();
    synchronized (this) {
      waiters
          .computeIfAbsent(owner, _ -> new ArrayDeque<>())
          .add(new Waiting(owner, Math.min(bytes, capacity), place));
    }
    place.whenComplete((_, gaveUp) -> grantAfterCancel(gaveUp));
    grantWaiters();
    return place;
  }

  /** How many requests of an owner wait. */
  public synchronized long waiting(String owner) {
    var queue = waiters.get(owner);
    return queue == null ? 0 : queue.stream().filter(next -> !next.place().isDone()).count();
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

  private void releaseDownTo(Permit permit, long bytesLeft) {
    synchronized (this) {
      long released = Math.max(0, permit.bytes - bytesLeft);
      available += released;
      held.computeIfPresent(
          permit.owner, (_, bytes) -> bytes <= released ? null : bytes - released);
      permit.bytes -= released;
    }
    grantWaiters();
  }

  /** Completes the futures outside of the lock, since their callbacks run here. */
  private void grantWaiters() {
    for (var next : takeGrantable()) {
      var permit = new Permit(next.owner(), next.bytes());
      if (!next.place().complete(permit)) {
        permit.close();
      }
    }
  }

  /** Removes the waiters that can be granted, and takes their bytes. */
  private synchronized List<Waiting> takeGrantable() {
    var granted = new ArrayList<Waiting>();
    for (var next = next(); next != null && next.bytes() <= available; next = next()) {
      available -= next.bytes();
      held.merge(next.owner(), next.bytes(), Long::sum);
      takeTurn(next.owner());
      granted.add(next);
    }
    return granted;
  }

  /** The next waiter: the first of the owner whose turn it is; null if none may have more. */
  private Waiting next() {
    for (var owners = waiters.values().iterator(); owners.hasNext(); ) {
      var queue = owners.next();
      while (!queue.isEmpty() && queue.peek().place().isDone()) {
        queue.remove();
      }
      if (queue.isEmpty()) {
        owners.remove();
      } else if (mayHave(queue.peek())) {
        return queue.peek();
      }
    }
    return null;
  }

  private boolean mayHave(Waiting waiting) {
    var before = held.get(waiting.owner());
    return before == null
        || waiting.owner().equals(WorkOwner.NONE)
        || before + waiting.bytes() <= maxOfOwner;
  }

  /** Removes the owner's first waiter; the owner goes to the end of the line. */
  private void takeTurn(String owner) {
    var queue = waiters.remove(owner);
    queue.remove();
    if (!queue.isEmpty()) {
      waiters.put(owner, queue);
    }
  }
}
