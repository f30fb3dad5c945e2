package dev.threadmill.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Large bodies are read as the heap has room for them. Until then they wait on the wire, so that no
 * number of clients that send something large at the same time ends the process.
 */
@ApplicationScoped
class BodyPermits {
  private static final int AFTER_BODY_LIMIT = 650;
  private static final int PERCENT_OF_HEAP = 25;

  /** What is smaller is not counted. */
  private static final int MIN_COUNTED_BYTES = 256 * 1024;

  /** The bytes, their text, what is made of it, and that again as the database gets it. */
  private static final int COPIES_PER_BODY = 6;

  private static final Duration MAX_WAIT = Duration.ofSeconds(60);
  private static final Duration MAX_HOLD = Duration.ofSeconds(10);

  private static final Set<HttpMethod> WITHOUT_BODY =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE, HttpMethod.OPTIONS);

  private final MemoryPermits permits = MemoryPermits.ofHeap(PERCENT_OF_HEAP);
  private final Vertx vertx;

  BodyPermits(Vertx vertx) {
    this.vertx = vertx;
  }

  void onEveryRequest(@Observes Filters filters) {
    filters.register(this::admit, AFTER_BODY_LIMIT);
  }

  private void admit(RoutingContext context) {
    long bytes = bytes(context.request());
    if (bytes <= MIN_COUNTED_BYTES) {
      context.next();
      return;
    }
    var place = permits.acquire(bytes * COPIES_PER_BODY);
    // An answer's head is written when the body was digested, as a rule; some wait for a run first.
    // And a connection may break before.
    context.addHeadersEndHandler(_ -> release(place));
    context.addEndHandler(_ -> release(place));
    place.thenAccept(_ -> vertx.setTimer(MAX_HOLD.toMillis(), _ -> release(place)));
    if (place.isDone()) {
      context.next();
    } else {
      waitFor(place, context);
    }
  }

  private void waitFor(CompletableFuture<MemoryPermits.Permit> place, RoutingContext context) {
    var eventLoop = vertx.getOrCreateContext();
    long timer = vertx.setTimer(MAX_WAIT.toMillis(), _ -> refuse(place, context));
    place.thenAccept(
        _ -> {
          vertx.cancelTimer(timer);
          eventLoop.runOnContext(_ -> context.next());
        });
  }

  private static void refuse(
      CompletableFuture<MemoryPermits.Permit> place, RoutingContext context) {
    if (!place.isDone() && place.cancel(false)) {
      var error =
          ApiException.unavailable("The server has no room for such a large body just now.", 1);
      BodyLimit.refuse(context, error);
    }
  }

  private static void release(CompletableFuture<MemoryPermits.Permit> place) {
    if (!place.cancel(false) && !place.isCancelled()) {
      place.join().close();
    }
  }

  /**
   * How long the body is. As long as it may be if the client does not say, and no longer whatever
   * he says: what is too long is refused by whoever reads it.
   */
  private static long bytes(HttpServerRequest request) {
    if (WITHOUT_BODY.contains(request.method())) {
      return 0;
    }
    var length = request.getHeader(HttpHeaders.CONTENT_LENGTH);
    boolean isUntold =
        length == null
            && (request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null
                || request.version() == HttpVersion.HTTP_2 && !request.isEnded());
    return isUntold
        ? BodyLimit.MAX_JSON
        : Math.min(BodyLimit.declaredLength(length), BodyLimit.MAX_JSON);
  }
}
