package dev.threadmill.api.heap;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.WorkOwner;
import io.quarkus.arc.Arc;
import io.quarkus.arc.Unremovable;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.RequestScoped;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The part of the heap for what the answer to a request is made of, from before it is loaded until
 * the answer is written. All requests of a node share a part of the heap, and the projects take
 * turns. How fast a client reads has no influence: the written answer is not in the heap.
 */
public final class AnswerMemory {
  /** A text is held as it was loaded, as its characters, as objects, and as what is written. */
  private static final int BYTES_OF_CHARACTER = 4;

  private static final int PERCENT_FOR_LARGE = 12;

  /**
   * So many loads of unknown size at the same time for each core. To find the size of a text, the
   * database has to unpack it.
   */
  private static final int MEDIUM_OF_CORE = 4;

  /** What is acquired as long as the size is not known, and the most of a medium answer. */
  private static final long MEDIUM_BYTES = 512 << 10;

  /** As many bytes are held without a permit: most answers are smaller. */
  private static final long SMALL_BYTES = 64 << 10;

  private static final Duration MAX_WAIT = Duration.ofSeconds(30);
  private static final Duration CHECK = Duration.ofSeconds(1);

  /** No answer takes as long to write; a permit that is still held then was lost. */
  private static final Duration MAX_HOLD = Duration.ofMinutes(1);

  /** As many large answers of one owner wait at the same time; others are refused at once. */
  static final int MAX_WAITING = 64;

  private static final int RETRY_SECONDS = 2;

  private static final AnswerMemory UNLIMITED = new AnswerMemory(null, null);

  private final Permits permits;

  /** Null for work that answers no request. */
  private final Held request;

  private AnswerMemory(Permits permits, Held request) {
    this.permits = permits;
    this.request = request;
  }

  /** What all requests share. */
  record Permits(MemoryPermits medium, MemoryPermits large) {
    /** Created when the first answer needs it. */
    private static final Permits OF_NODE =
        new Permits(
            new MemoryPermits(
                MEDIUM_OF_CORE * Runtime.getRuntime().availableProcessors() * MEDIUM_BYTES),
            MemoryPermits.ofHeap(PERCENT_FOR_LARGE));
  }

  /** That of the current request; without limits outside of a request. */
  public static AnswerMemory current() {
    var container = Arc.container();
    if (container == null || !container.requestContext().isActive()) {
      return UNLIMITED;
    }
    return new AnswerMemory(Permits.OF_NODE, container.instance(OfRequest.class).get().held());
  }

  /** That of a request, with these permits. */
  static AnswerMemory of(Permits permits, Held request) {
    return new AnswerMemory(permits, request);
  }

  /**
   * What was loaded.
   *
   * @param content null if it has more characters than were allowed
   * @param characters that it has, also if it was not loaded
   */
  public record Loaded<T>(T content, long characters) {}

  /** Loads something whose size is not known. */
  @FunctionalInterface
  public interface Loading<T> {
    /** Loads no more than this many characters. */
    Loaded<T> within(long maxCharacters);
  }

  /**
   * Loads under a permit. What turns out to be large is loaded a second time, under a permit for
   * all of it. Blocks; the permit is held until the answer is written.
   *
   * @throws ApiException 503 if there is no room in time
   */
  public <T> T load(Loading<T> loading) {
    if (request == null) {
      return loading.within(Long.MAX_VALUE).content();
    }
    for (long bytes = MEDIUM_BYTES; ; ) {
      var permit = acquire(bytes);
      try {
        var loaded = loading.within(bytes / BYTES_OF_CHARACTER);
        long needed = loaded.characters() * BYTES_OF_CHARACTER;
        if (needed <= bytes) {
          if (needed > SMALL_BYTES) {
            permit.shrink(needed);
            request.hold(permit);
            permit = null;
          }
          return loaded.content();
        }
        bytes = needed + needed / 8;
      } finally {
        if (permit != null) {
          permit.close();
        }
      }
    }
  }

  /**
   * As {@link #reserve(long)}, of what the database has to measure first.
   *
   * @param characters asks the database
   */
  public void reserve(LongSupplier characters) {
    if (request != null) {
      reserve(measured(characters::getAsLong));
    }
  }

  /** Has the database measure something, in turns with others. */
  public <T> T measured(Supplier<T> measuring) {
    if (request == null) {
      return measuring.get();
    }
    try (var _ = acquire(MEDIUM_BYTES)) {
      return measuring.get();
    }
  }

  /**
   * Acquires a permit for as many characters that are loaded next. Blocks; it is held until the
   * answer is written.
   *
   * @throws ApiException 503 if there is no room in time
   */
  public void reserve(long characters) {
    long bytes = characters * BYTES_OF_CHARACTER;
    if (request != null && bytes > SMALL_BYTES) {
      request.hold(acquire(bytes));
    }
  }

  /** Releases what the request holds: its answer is written, or it begins to wait for a run. */
  public void release() {
    if (request != null) {
      request.release();
    }
  }

  private MemoryPermits.Permit acquire(long bytes) {
    var owner = WorkOwner.current();
    boolean isLarge = bytes > MEDIUM_BYTES;
    if (isLarge && permits.large().waiting(owner) >= MAX_WAITING) {
      throw noRoom();
    }
    var place = (isLarge ? permits.large() : permits.medium()).acquire(owner, bytes);
    try {
      return await(place);
    } catch (InterruptedException _) {
      MemoryPermits.giveUp(place);
      Thread.currentThread().interrupt();
      throw ApiException.unavailable("The server is stopping.", 1);
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Waits until it is granted, or the time is over, or there is no client any more. */
  private MemoryPermits.Permit await(CompletableFuture<MemoryPermits.Permit> place)
      throws InterruptedException, ExecutionException {
    for (var left = MAX_WAIT; left.isPositive() && !request.isGone(); left = left.minus(CHECK)) {
      try {
        return place.get(CHECK.toMillis(), TimeUnit.MILLISECONDS);
      } catch (TimeoutException _) {
        // The connection may be closed by now.
      }
    }
    MemoryPermits.giveUp(place);
    throw noRoom();
  }

  private static ApiException noRoom() {
    return ApiException.unavailable(
        "The server has no room for such a large answer just now. Please try again.",
        RETRY_SECONDS);
  }

  /** What a request holds. Further threads may end it. */
  static final class Held {
    private final List<MemoryPermits.Permit> permits = new ArrayList<>();
    private final BooleanSupplier hasNoClient;
    private boolean isOver;

    /**
     * @param hasNoClient whether the connection is closed
     */
    Held(BooleanSupplier hasNoClient) {
      this.hasNoClient = hasNoClient;
    }

    private boolean isGone() {
      return hasNoClient.getAsBoolean();
    }

    private void hold(MemoryPermits.Permit permit) {
      synchronized (this) {
        if (!isOver) {
          permits.add(permit);
          CompletableFuture.delayedExecutor(MAX_HOLD.toMillis(), TimeUnit.MILLISECONDS)
              .execute(permit::close);
          return;
        }
      }
      permit.close();
    }

    private void release() {
      List<MemoryPermits.Permit> released;
      synchronized (this) {
        released = List.copyOf(permits);
        permits.clear();
      }
      released.forEach(MemoryPermits.Permit::close);
    }

    void end() {
      synchronized (this) {
        isOver = true;
      }
      release();
    }
  }

  /** Lives as long as the current request. */
  @RequestScoped
  @Unremovable
  static class OfRequest {
    private final Held held;

    OfRequest(CurrentVertxRequest current) {
      var context = current.getCurrent();
      held = new Held(context == null ? () -> false : context.response()::closed);
    }

    Held held() {
      return held;
    }

    @PreDestroy
    void end() {
      held.end();
    }
  }
}
