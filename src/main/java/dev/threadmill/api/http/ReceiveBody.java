package dev.threadmill.api.http;

import dev.threadmill.api.ApiException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Receives the whole body of a request before the request is processed. A body that arrives slowly
 * holds neither a thread nor a memory permit: what is large waits in a temporary file. Time, size
 * and the number of pieces are bounded, see {@link BodyReception}.
 */
@ApplicationScoped
class ReceiveBody {
  private static final int AFTER_BODY_LIMIT = 650;
  private static final long MAX_SPOOLED_BYTES = 2L << 30;

  private static final Set<HttpMethod> WITHOUT_BODY =
      Set.of(HttpMethod.GET, HttpMethod.HEAD, HttpMethod.DELETE, HttpMethod.OPTIONS);

  private final Vertx vertx;
  private final BodyPermits permits;
  private final AtomicLong spooledBytes = new AtomicLong();

  ReceiveBody(Vertx vertx, BodyPermits permits) {
    this.vertx = vertx;
    this.permits = permits;
  }

  void onEveryRequest(@Observes Filters filters) {
    filters.register(this::receive, AFTER_BODY_LIMIT);
  }

  private void receive(RoutingContext context) {
    var request = context.request();
    // Without a key the request is refused, and its body is left unread.
    if (!hasBody(request)
        || !BodyLimit.isJson(request.getHeader(HttpHeaders.CONTENT_TYPE))
        || !hasKey(request)) {
      context.next();
      return;
    }
    if (spooledBytes.get() > MAX_SPOOLED_BYTES) {
      BodyLimit.refuse(
          context, ApiException.unavailable("The server is receiving too many large bodies.", 5));
      return;
    }
    new BodyReception(vertx, context, permits, spooledBytes).start();
  }

  private static boolean hasKey(HttpServerRequest request) {
    return request.headers().contains(HttpHeaders.AUTHORIZATION)
        || request.headers().contains("api-key");
  }

  /** Whether a request has a body that is read. */
  static boolean hasBody(HttpServerRequest request) {
    if (WITHOUT_BODY.contains(request.method()) || request.isEnded()) {
      return false;
    }
    return BodyLimit.declaredLength(request.getHeader(HttpHeaders.CONTENT_LENGTH)) > 0
        || request.getHeader(HttpHeaders.TRANSFER_ENCODING) != null;
  }
}
