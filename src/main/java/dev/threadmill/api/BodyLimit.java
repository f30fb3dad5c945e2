package dev.threadmill.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.io.InputStream;

/**
 * No JSON body may be longer than ten megabytes. One that says how long it is is refused before it
 * is read, any other where it passes the limit.
 */
@ApplicationScoped
public class BodyLimit {
  static final int MAX_JSON = 10 * 1024 * 1024;
  private static final int AFTER_DEFAULT_CONTENT_TYPE = 700;

  void onEveryRequest(@Observes Filters filters) {
    filters.register(BodyLimit::refuseLarge, AFTER_DEFAULT_CONTENT_TYPE);
  }

  /** The whole of a JSON body; 413 if it is too long. */
  public static byte[] read(InputStream body) throws IOException {
    var bytes = body.readNBytes(MAX_JSON + 1);
    if (bytes.length > MAX_JSON) {
      throw tooLarge();
    }
    return bytes;
  }

  private static void refuseLarge(RoutingContext context) {
    if (!isJson(context.request().getHeader(HttpHeaders.CONTENT_TYPE))
        || declaredLength(context.request().getHeader(HttpHeaders.CONTENT_LENGTH)) <= MAX_JSON) {
      context.next();
      return;
    }
    refuse(context, tooLarge());
  }

  /** Answers in place of whoever would have read the body, which stays where it is. */
  static void refuse(RoutingContext context, ApiException error) {
    var response =
        context
            .response()
            .setStatusCode(error.httpStatus())
            .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
            .putHeader(HttpHeaders.CONNECTION, "close");
    error
        .retryAfter()
        .ifPresent(
            wait -> response.putHeader(HttpHeaders.RETRY_AFTER, Long.toString(wait.toSeconds())));
    response.end(Json.write(error.error().inEnvelope()));
  }

  private static boolean isJson(String type) {
    return type != null && type.regionMatches(true, 0, "application/json", 0, 16);
  }

  static long declaredLength(String length) {
    try {
      return length == null ? 0 : Long.parseLong(length);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  private static ApiException tooLarge() {
    return new ApiException(
        413,
        new ApiError(
            "The body is too long: expected at most %d bytes.".formatted(MAX_JSON),
            ApiError.INVALID_REQUEST,
            null,
            "request_too_large"));
  }
}
