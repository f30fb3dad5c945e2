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
public final class HeapRoom {
  private final long all;
  private final Queue<Waiting> waiting = new ArrayDeque<>();
  private long free;

  /** A room of so many bytes. */
  public HeapRoom(long bytes) {
    this.all = bytes;
    this.free = bytes;
  }

  /** This percentage of the heap that the JVM may have. */
  public static HeapRoom ofHeap(int percent) {
    return new HeapRoom(Runtime.getRuntime().maxMemory() / 100 * percent);
  }

  private record Waiting(long bytes, CompletableFuture<Taken> place) {}

  /** Room that was taken. */
  public final class Taken implements AutoCloseable {
    private long bytes;

    private Taken(long bytes) {
      this.bytes = bytes;
    }

    /** Gives it back; once, however often it is called. */
    @Override
    public void close() {
      giveBack(this);
    }
  }

  /**
   * Takes room. Whoever does not want to wait any longer cancels what this returns.
   *
   * @param bytes how much; what is larger than all of the room gets it for itself
   * @return done when there is room, which is at once as a rule
   */
  public CompletableFuture<Taken> take(long bytes) {
    var place = new CompletableFuture<Taken>();
    synchronized (this) {
      waiting.add(new Waiting(Math.min(bytes, all), place));
    }
    place.whenComplete((_, gaveUp) -> letInBehind(gaveUp));
    letIn();
    return place;
  }

  /** Who waited behind one that has given up may have his turn now. */
  private void letInBehind(Throwable gaveUp) {
    if (gaveUp != null) {
      letIn();
    }
  }

  private void giveBack(Taken taken) {
    synchronized (this) {
      free += taken.bytes;
      taken.bytes = 0;
    }
    letIn();
  }

  /** Tells them without the lock: what they do then is theirs. */
  private void letIn() {
    for (var next : haveRoom()) {
      var taken = new Taken(next.bytes());
      if (!next.place().complete(taken)) {
        taken.close();
      }
    }
  }

  /** Those whose turn it is and for whom there is room, which is theirs from here on. */
  private synchronized List<Waiting> haveRoom() {
    var next = new ArrayList<Waiting>();
    while (!waiting.isEmpty()
        && (waiting.peek().place().isDone() || waiting.peek().bytes() <= free)) {
      var first = waiting.remove();
      if (!first.place().isDone()) {
        free -= first.bytes();
        next.add(first);
      }
    }
    return next;
  }
}
