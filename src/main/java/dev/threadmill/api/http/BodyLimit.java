package dev.threadmill.api.http;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.IOException;
import java.io.InputStream;
import java.util.regex.Pattern;

/**
 * Limits JSON bodies to ten megabytes. A body whose declared length exceeds the limit is refused
 * before it is read, any other when it exceeds the limit. Forms have limits of their own, which the
 * resources that take files enforce.
 */
@ApplicationScoped
public class BodyLimit {
  static final int MAX_JSON = 10 * 1024 * 1024;
  private static final int AFTER_DEFAULT_CONTENT_TYPE = 700;
  private static final Pattern JSON =
      Pattern.compile("application/(?:[\\w.-]+\\+)?json", Pattern.CASE_INSENSITIVE);
  private static final Pattern FORM =
      Pattern.compile("multipart/form-data\\s*(?:;|$)", Pattern.CASE_INSENSITIVE);

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
    var type = context.request().getHeader(HttpHeaders.CONTENT_TYPE);
    long length = declaredLength(context.request().getHeader(HttpHeaders.CONTENT_LENGTH));
    if (isForm(type) || length <= MAX_JSON) {
      context.next();
      return;
    }
    refuse(context, tooLarge());
  }

  /** Answers with an error and leaves the rest of the body unread. */
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

  static boolean isForm(String type) {
    return type != null && FORM.matcher(type).lookingAt();
  }

  static boolean isJson(String type) {
    return type != null && JSON.matcher(type).lookingAt();
  }

  static long declaredLength(String length) {
    try {
      return length == null ? 0 : Long.parseLong(length);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  static ApiException tooLarge() {
    return new ApiException(
        413,
        new ApiError(
            "The body is too long: expected at most %d bytes.".formatted(MAX_JSON),
            ApiError.INVALID_REQUEST,
            null,
            "request_too_large"));
  }
}
