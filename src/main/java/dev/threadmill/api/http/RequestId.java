package dev.threadmill.api.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.jboss.logging.MDC;

/**
 * Assigns an id to every request, which the response and every log line of the request contain.
 * {@code X-Client-Request-Id} is echoed.
 */
@ApplicationScoped
public class RequestId {
  private static final String HEADER = "x-request-id";
  private static final String CLIENT_HEADER = "x-client-request-id";
  private static final String KEY = "request_id";
  private static final int FIRST = 1000;
  private static final Pattern CLIENT_ID = Pattern.compile("[!-~]{1,128}");

  void onEveryRequest(@Observes Filters filters) {
    filters.register(RequestId::mark, FIRST);
  }

  /** The id of the current request, or "none" outside of one. */
  public static String current() {
    return MDC.get(KEY) instanceof String id ? id : "none";
  }

  private static void mark(RoutingContext context) {
    long started = System.nanoTime();
    // A rerouted request passes here twice, with its headers cleared.
    String known = context.get(KEY);
    var id = known == null ? random() : known;
    MDC.put(KEY, id);
    var headers = context.response().headers();
    headers.set(HEADER, id);
    headers.set("openai-version", "2020-10-01");
    var clientId = context.request().getHeader(CLIENT_HEADER);
    if (clientId != null && CLIENT_ID.matcher(clientId).matches()) {
      headers.set(CLIENT_HEADER, clientId);
    }
    context.addHeadersEndHandler(
        _ ->
            headers.set(
                "openai-processing-ms", Long.toString((System.nanoTime() - started) / 1_000_000)));
    context.put(KEY, id);
    context.next();
  }

  private static String random() {
    var random = ThreadLocalRandom.current();
    return "req_%016x%016x".formatted(random.nextLong(), random.nextLong());
  }
}
