package dev.threadmill.limits;

import io.quarkus.arc.Arc;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.MultiMap;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;

/** The response headers that say how much of the rates is left. */
@ApplicationScoped
class RateHeaders {
  private final CurrentVertxRequest request;

  RateHeaders(CurrentVertxRequest request) {
    this.request = request;
  }

  /**
   * Sets them on the response to the current request, if there is one whose head is not sent yet.
   * They show the scope that has the least left.
   */
  void write(List<ScopeState> states) {
    if (!Arc.container().requestContext().isActive()
        || request.getCurrent() == null
        || request.getCurrent().response().headWritten()) {
      return;
    }
    var headers = request.getCurrent().response().headers();
    write(
        headers,
        "requests",
        states,
        state -> state.limits().requestsPerMinute(),
        state -> state.usage().requestsLeft());
    write(
        headers,
        "tokens",
        states,
        state -> state.limits().tokensPerMinute(),
        state -> state.usage().tokensLeft());
  }

  private static void write(
      MultiMap headers,
      String of,
      List<ScopeState> states,
      Function<ScopeState, Integer> limit,
      Function<ScopeState, Double> left) {
    states.stream()
        .filter(state -> limit.apply(state) != null && left.apply(state) != null)
        .min(Comparator.comparing(left))
        .ifPresent(state -> write(headers, of, limit.apply(state), left.apply(state)));
  }

  private static void write(MultiMap headers, String of, int limit, double left) {
    headers.set("x-ratelimit-limit-" + of, Integer.toString(limit));
    headers.set("x-ratelimit-remaining-" + of, Long.toString((long) Math.max(0, Math.floor(left))));
    headers.set(
        "x-ratelimit-reset-" + of, formatted(LimitErrors.timeUntilAvailable(limit, left, limit)));
  }

  /** A duration in the format of these headers: 12ms, 1.5s, 6m0s. */
  static String formatted(Duration time) {
    if (time.compareTo(Duration.ofSeconds(1)) < 0) {
      return time.toMillis() + "ms";
    }
    var seconds =
        time.toMillisPart() == 0
            ? Integer.toString(time.toSecondsPart())
            : String.format(Locale.ROOT, "%d.%03d", time.toSecondsPart(), time.toMillisPart())
                .replaceAll("0+$", "");
    return time.toMinutes() == 0 ? seconds + "s" : time.toMinutes() + "m" + seconds + "s";
  }
}
