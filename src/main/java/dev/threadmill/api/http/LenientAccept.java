package dev.threadmill.api.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Takes {@code Accept} for a preference: whatever a client asks for, it gets JSON where there is
 * nothing else, as from the hosted API. What is no media range is dropped.
 */
@ApplicationScoped
class LenientAccept {
  private static final int AFTER_VERSION_ALIASES = 780;
  private static final String ANYTHING = "*/*";

  /** Its clients negotiate between JSON and an event stream. */
  private static final String MCP = "/v1/mcp";

  private static final Pattern MEDIA_RANGE =
      Pattern.compile(
          "[\\w!#$&^.+*-]{1,100}/[\\w!#$&^.+*-]{1,100}(?:\\s*;\\s*[\\w-]{1,40}=[\\w.\"/:+-]{1,100})*");
  private static final Pattern QUALITY = Pattern.compile("(?i);\\s*q=(?!(?:0|1)(?:\\.\\d{0,3})?$)");

  void onEveryRequest(@Observes Filters filters) {
    filters.register(LenientAccept::complete, AFTER_VERSION_ALIASES);
  }

  private static void complete(RoutingContext context) {
    var headers = context.request().headers();
    var given = headers.getAll(HttpHeaders.ACCEPT);
    if (!given.isEmpty() && !context.request().path().equals(MCP)) {
      headers.set(HttpHeaders.ACCEPT, completed(String.join(",", given)));
    }
    context.next();
  }

  /** The media ranges that can be read, and everything else after them. */
  static String completed(String accept) {
    var ranges =
        Arrays.stream(accept.split(","))
            .map(String::strip)
            .filter(range -> MEDIA_RANGE.matcher(range).matches() && !QUALITY.matcher(range).find())
            .collect(Collectors.joining(", "));
    return ranges.isEmpty() ? ANYTHING : ranges + ", " + ANYTHING + ";q=0.001";
  }
}
