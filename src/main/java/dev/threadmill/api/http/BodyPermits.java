package dev.threadmill.api.http;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.WorkOwner;
import dev.threadmill.api.heap.MemoryPermits;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Memory permits for large bodies. A body that has been received is loaded into the heap once there
 * is room for it, so any number of clients that send something large at the same time take longer
 * and do not end the process. Callers take turns: those whose key is known by their project, all
 * others by their address, since they may send as many keys as they like.
 */
@ApplicationScoped
class BodyPermits {
  private static final int PERCENT_FOR_LARGE = 20;
  private static final int PERCENT_FOR_MEDIUM = 10;

  /** What takes less heap waits for others of its size only, not for those that take more. */
  private static final int MAX_MEDIUM_BYTES = 4 << 20;

  /** What takes less heap is not counted. */
  private static final int MIN_COUNTED_BYTES = 512 * 1024;

  /** The bytes, their text, the objects made of it, and their text for the database. */
  private static final int COPIES_PER_BODY = 6;

  /** What a bracket, comma or colon adds: the objects that hold names and values. */
  private static final int BYTES_PER_STRUCTURE = 64;

  private static final Duration MAX_WAIT = Duration.ofSeconds(60);
  private static final Duration MAX_HOLD = Duration.ofSeconds(10);

  private final MemoryPermits large = MemoryPermits.ofHeap(PERCENT_FOR_LARGE);
  private final MemoryPermits medium = MemoryPermits.ofHeap(PERCENT_FOR_MEDIUM);
  private final Vertx vertx;
  private final KnownCallers callers;

  BodyPermits(Vertx vertx, KnownCallers callers) {
    this.vertx = vertx;
    this.callers = callers;
  }

  /**
   * Goes on once there is room for the body, or answers 503 after a minute. The permit is released
   * when the head of the answer is written.
   *
   * @param bytes the length of the body
   * @param structure how many of its characters are {@link #structure}
   * @param goOn called on the event loop of the request
   */
  void acquire(RoutingContext context, long bytes, long structure, Runnable goOn) {
    long heap = bytes * COPIES_PER_BODY + structure * BYTES_PER_STRUCTURE;
    if (heap <= MIN_COUNTED_BYTES) {
      goOn.run();
      return;
    }
    var permits = heap <= MAX_MEDIUM_BYTES ? medium : large;
    var permit = permits.acquire(owner(context.request()), heap);
    // The head is written when the body has been processed, as a rule; some answers wait for a run
    // first, and a connection may break before.
    context.addHeadersEndHandler(_ -> release(permit));
    context.addEndHandler(_ -> release(permit));
    permit.thenAccept(_ -> vertx.setTimer(MAX_HOLD.toMillis(), _ -> release(permit)));
    if (permit.isDone()) {
      goOn.run();
    } else {
      await(permit, context, goOn);
    }
  }

  private String owner(HttpServerRequest request) {
    return callers
        .find(request.getHeader(HttpHeaders.AUTHORIZATION))
        .orElseGet(
            () ->
                request.remoteAddress() == null
                    ? WorkOwner.NONE
                    : request.remoteAddress().hostAddress());
  }

  /** How many brackets, commas and colons there are, of which each may become an object. */
  static int structure(Buffer piece) {
    int count = 0;
    for (byte each : piece.getBytes()) {
      switch (each) {
        case '{', '[', ',', ':' -> count++;
        default -> {}
      }
    }
    return count;
  }

  private void await(
      CompletableFuture<MemoryPermits.Permit> permit, RoutingContext context, Runnable goOn) {
    var eventLoop = vertx.getOrCreateContext();
    long timer = vertx.setTimer(MAX_WAIT.toMillis(), _ -> refuse(permit, context));
    permit.thenAccept(
        _ -> {
          vertx.cancelTimer(timer);
          eventLoop.runOnContext(_ -> goOn.run());
        });
  }

  private static void refuse(
      CompletableFuture<MemoryPermits.Permit> permit, RoutingContext context) {
    if (!permit.isDone() && permit.cancel(false)) {
      var error =
          ApiException.unavailable("The server has no room for such a large body just now.", 1);
      BodyLimit.refuse(context, error);
    }
  }

  private static void release(CompletableFuture<MemoryPermits.Permit> permit) {
    if (!permit.cancel(false) && !permit.isCancelled()) {
      permit.join().close();
    }
  }
}
