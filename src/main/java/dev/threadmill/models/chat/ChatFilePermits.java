package dev.threadmill.models.chat;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.heap.MemoryPermits;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Bounds the heap that files of chat completions use together, from before they are read to the end
 * of the call. A small request may name large files, so the bound of request bodies does not cover
 * them. Projects take turns.
 */
@ApplicationScoped
class ChatFilePermits {
  private static final int PERCENT_OF_HEAP = 20;
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(20);

  /** Copies of a file in the heap: its text, and the request body before and after encoding. */
  private static final int COPIES = 4;

  /** Fewer characters need no permit, so they do not wait behind large files. */
  private static final long SMALL = 128 * 1024;

  private final MemoryPermits permits;
  private final Duration longestWait;

  ChatFilePermits() {
    this(MemoryPermits.ofHeap(PERCENT_OF_HEAP), LONGEST_WAIT);
  }

  ChatFilePermits(MemoryPermits permits, Duration longestWait) {
    this.permits = permits;
    this.longestWait = longestWait;
  }

  /** A permit; closing it again has no effect. */
  interface Permit extends AutoCloseable {
    /** For a request without large files. */
    Permit NONE = () -> {};

    @Override
    void close();
  }

  /**
   * Acquires the heap for the files of a request.
   *
   * @param characters that they have at most
   * @throws ApiException 503 if not enough heap is free in time
   */
  Permit acquire(ProjectId project, long characters) throws InterruptedException {
    if (characters <= SMALL) {
      return Permit.NONE;
    }
    var place = permits.acquire(project.value(), characters * COPIES);
    try {
      return place.get(longestWait.toMillis(), TimeUnit.MILLISECONDS)::close;
    } catch (TimeoutException e) {
      MemoryPermits.giveUp(place);
      throw ApiException.unavailable("The server is reading too many large files.", 5);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      MemoryPermits.giveUp(place);
      throw e;
    }
  }
}
