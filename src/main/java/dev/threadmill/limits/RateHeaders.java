package dev.threadmill.limits;

import io.quarkus.arc.Arc;
import io.quarkus.vertx.http.runtime.CurrentVertxRequest;
import io.vertx.core.MultiMap;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;

/** Tells in the headers of an answer how much of the project's rates is left. */
@ApplicationScoped
class RateHeaders {
  private final CurrentVertxRequest request;

  RateHeaders(CurrentVertxRequest request) {
    this.request = request;
  }

  /** Puts them on the answer to the request in hand, if there is one that is not answered yet. */
  void write(Limits limits, CurrentUsage used) {
    if (!Arc.container().requestContext().isActive()
        || request.getCurrent() == null
        || request.getCurrent().response().headWritten()) {
      return;
    }
    var headers = request.getCurrent().response().headers();
    write(headers, "requests", limits.requestsPerMinute(), used.requestsLeft());
    write(headers, "tokens", limits.tokensPerMinute(), used.tokensLeft());
  }

  private static void write(MultiMap headers, String of, Integer limit, Double left) {
    if (limit == null || left == null) {
      return;
    }
    headers.set("x-ratelimit-limit-" + of, limit.toString());
    headers.set("x-ratelimit-remaining-" + of, Long.toString((long) Math.max(0, Math.floor(left))));
    headers.set(
        "x-ratelimit-reset-" + of, formatted(LimitErrors.timeUntilAvailable(limit, left, limit)));
  }

  /** A time as these headers spell it: 12ms, 1.5s, 6m0s. */
  static String formatted(Duration time) {
    if (time.compareTo(Duration.ofSeconds(1)) < 0) {
      return time.toMillis() + "ms";
    }
    var seconds =
        time.toMillisPart() == 0
            ? Integer.toString(time.toSecondsPart())
            : "%d.%03d".formatted(time.toSecondsPart(), time.toMillisPart()).replaceAll("0+$", "");
    return time.toMinutes() == 0 ? seconds + "s" : time.toMinutes() + "m" + seconds + "s";
  }
}
