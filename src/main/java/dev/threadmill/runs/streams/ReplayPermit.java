package dev.threadmill.runs.streams;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.heap.MemoryPermits;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The part of the heap for events that one reader has loaded from the database and not sent yet. A
 * client that does not read holds what was loaded for it, so readers of large texts wait for each
 * other, and projects take turns.
 */
final class ReplayPermit {
  /** A text is held as it was loaded, as events, and as bytes that are being sent. */
  private static final int BYTES_OF_CHARACTER = 4;

  private static final int PERCENT_OF_HEAP = 10;

  /** As many bytes are held without a permit: most runs are smaller. */
  private static final long SMALL = 64 << 10;

  /** What is acquired as long as the size is not known. */
  private static final long FIRST = 512 << 10;

  private static final Duration LONGEST_WAIT = Duration.ofSeconds(60);

  private final MemoryPermits permits;
  private final ProjectId project;
  private CompletableFuture<MemoryPermits.Permit> place;
  private boolean closed;

  /** The permits of all readers of a node. */
  static MemoryPermits permits() {
    return MemoryPermits.ofHeap(PERCENT_OF_HEAP);
  }

  ReplayPermit(MemoryPermits permits, ProjectId project) {
    this.permits = permits;
    this.project = project;
  }

  /** What can be loaded, with the characters of its texts. */
  record Loaded<T>(T content, long characters) {}

  /**
   * Loads under a permit. What turns out to be large is loaded once more, under a permit for all of
   * it. Blocks; the permit is held until {@link #release}.
   *
   * @return null if there was no permit in time, or the reader was closed
   */
  <T> T load(Supplier<Loaded<T>> loading) throws InterruptedException {
    for (long bytes = FIRST; ; ) {
      if (!acquire(bytes)) {
        return null;
      }
      var loaded = loading.get();
      long needed = loaded.characters() * BYTES_OF_CHARACTER;
      if (needed <= SMALL) {
        release();
      }
      if (needed <= bytes) {
        return loaded.content();
      }
      bytes = needed + needed / 8;
    }
  }

  private boolean acquire(long bytes) throws InterruptedException {
    release();
    var wanted = permits.acquire(project.value(), bytes);
    synchronized (this) {
      place = wanted;
    }
    if (isClosed()) {
      release();
      return false;
    }
    try {
      wanted.get(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
      return true;
    } catch (TimeoutException | CancellationException _) {
      release();
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** All that was loaded has been sent. */
  void release() {
    CompletableFuture<MemoryPermits.Permit> held;
    synchronized (this) {
      held = place;
      place = null;
    }
    if (held != null && !held.isCancelled()) {
      MemoryPermits.giveUp(held);
    }
  }

  /** Nothing is loaded any more. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    release();
  }

  private synchronized boolean isClosed() {
    return closed;
  }
}
