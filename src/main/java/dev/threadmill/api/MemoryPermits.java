package dev.threadmill.api;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;

/**
 * A part of the heap that large things share: each takes as much as it is going to need, and who
 * finds no room waits, in turn, until others have given theirs back. So many large things at a time
 * take longer, where they would have ended the process.
 */
public final class MemoryPermits {
  private final long capacity;
  private final Queue<Waiting> waiters = new ArrayDeque<>();
  private long available;

  /** A room of so many bytes. */
  public MemoryPermits(long bytes) {
    this.capacity = bytes;
    this.available = bytes;
  }

  /** This percentage of the heap that the JVM may have. */
  public static MemoryPermits ofHeap(int percent) {
    return new MemoryPermits(Runtime.getRuntime().maxMemory() / 100 * percent);
  }

  private record Waiting(long bytes, CompletableFuture<Permit> place) {}

  /** Room that was taken. */
  public final class Permit implements AutoCloseable {
    private long bytes;

    private Permit(long bytes) {
      this.bytes = bytes;
    }

    /** Gives it back; once, however often it is called. */
    @Override
    public void close() {
      release(this);
    }
  }

  /**
   * Takes room. Whoever does not want to wait any longer cancels what this returns.
   *
   * @param bytes how much; what is larger than all of the room gets it for itself
   * @return done when there is room, which is at once as a rule
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

  /** Who waited behind one that has given up may have his turn now. */
  private void grantAfterCancel(Throwable gaveUp) {
    if (gaveUp != null) {
      grantWaiters();
    }
  }

  private void release(Permit taken) {
    synchronized (this) {
      available += taken.bytes;
      taken.bytes = 0;
    }
    grantWaiters();
  }

  /** Tells them without the lock: what they do then is theirs. */
  private void grantWaiters() {
    for (var next : takeGrantable()) {
      var taken = new Permit(next.bytes());
      if (!next.place().complete(taken)) {
        taken.close();
      }
    }
  }

  /** Those whose turn it is and for whom there is room, which is theirs from here on. */
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
