package dev.threadmill.telemetry;

import dev.threadmill.api.http.Routes;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Times requests by route, method and status. The labels come from lists that are known at the
 * start, never from the request: a path or a method that a client makes up would be a time series,
 * and memory, of its own.
 */
@ApplicationScoped
class HttpMetrics {
  private static final String OTHER = "OTHER";
  private static final int FIRST = 1100;

  private static final Set<String> METHODS =
      Set.of("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
  private static final Set<String> PAGES = Set.of("docs", "openapi", "q");

  private final Routes routes;
  private final MeterRegistry meters;

  HttpMetrics(Routes routes, MeterRegistry meters) {
    this.routes = routes;
    this.meters = meters;
  }

  void onEveryRequest(@Observes Filters filters) {
    filters.register(this::time, FIRST);
  }

  private void time(RoutingContext context) {
    if (context.get(HttpMetrics.class.getName()) == null) {
      context.put(HttpMetrics.class.getName(), true);
      long started = System.nanoTime();
      context.addEndHandler(_ -> record(context, System.nanoTime() - started));
    }
    context.next();
  }

  private void record(RoutingContext context, long nanos) {
    int status = context.response().getStatusCode();
    Timer.builder("http.server.requests")
        .description("HTTP requests, from their first line to the end of the answer")
        .tag("method", label(context.request().method().name(), METHODS))
        .tag("uri", uri(context.normalizedPath()))
        .tag("status", Integer.toString(status))
        .tag("outcome", outcome(status))
        .register(meters)
        .record(nanos, TimeUnit.NANOSECONDS);
  }

  private String uri(String path) {
    var route = routes.find(path);
    if (route.isPresent()) {
      return route.get().template();
    }
    var segments = path.split("/", 3);
    return segments.length > 1 && PAGES.contains(segments[1]) ? "/" + segments[1] : OTHER;
  }

  private static String label(String value, Set<String> known) {
    return known.contains(value) ? value : OTHER;
  }

  private static String outcome(int status) {
    return switch (status / 100) {
      case 1 -> "INFORMATIONAL";
      case 2 -> "SUCCESS";
      case 3 -> "REDIRECTION";
      case 4 -> "CLIENT_ERROR";
      default -> "SERVER_ERROR";
    };
  }
}
