package dev.threadmill.api.http;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.regex.Pattern;

/**
 * Refuses bodies that are compressed, and content types that are none, with an error that says so.
 * Otherwise a compressed body would be read as broken JSON.
 */
@ApplicationScoped
class CheckHeaders {
  private static final int AFTER_DEFAULT_CONTENT_TYPE = 790;
  private static final Pattern MEDIA_TYPE =
      Pattern.compile("[\\w!#$&^.+*-]+/[\\w!#$&^.+*-]+\\s*(?:;.*)?");

  void onEveryRequest(@Observes Filters filters) {
    filters.register(CheckHeaders::check, AFTER_DEFAULT_CONTENT_TYPE);
  }

  private static void check(RoutingContext context) {
    var request = context.request();
    try {
      requirePlainBody(request);
      requireContentType(request);
    } catch (ApiException e) {
      BodyLimit.refuse(context, e);
      return;
    }
    context.next();
  }

  private static void requirePlainBody(HttpServerRequest request) {
    var encoding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
    if (encoding != null && !encoding.isBlank() && !encoding.strip().equalsIgnoreCase("identity")) {
      throw unsupported(
          "The body has the Content-Encoding '%s'. Send it uncompressed.".formatted(clip(encoding)),
          "unsupported_content_encoding");
    }
  }

  private static void requireContentType(HttpServerRequest request) {
    var type = request.getHeader(HttpHeaders.CONTENT_TYPE);
    if (type != null && !type.isBlank() && !MEDIA_TYPE.matcher(type.strip()).matches()) {
      throw unsupported(
          "'%s' is not a content type, such as 'application/json'.".formatted(clip(type)),
          "unsupported_content_type");
    }
  }

  private static ApiException unsupported(String message, String code) {
    return new ApiException(415, new ApiError(message, ApiError.INVALID_REQUEST, null, code));
  }

  private static String clip(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "…";
  }
}
