package dev.threadmill.api.http;

import dev.threadmill.api.ApiError;
import dev.threadmill.api.ApiException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.regex.Pattern;

/**
 * Refuses bodies that are compressed, and content types that are none, with an error that says so.
 * Otherwise a compressed body would be read as broken JSON. Without a body both headers mean
 * nothing, so they are dropped.
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
    if (!ReceiveBody.hasBody(request)) {
      ignore(request);
      context.next();
      return;
    }
    try {
      requirePlainBody(request);
      requireContentType(request);
    } catch (ApiException e) {
      BodyLimit.refuse(context, e);
      return;
    }
    context.next();
  }

  private static void ignore(HttpServerRequest request) {
    var headers = request.headers();
    headers.remove(HttpHeaders.CONTENT_ENCODING);
    var type = headers.get(HttpHeaders.CONTENT_TYPE);
    boolean isRead = type != null && isMediaType(type);
    if (request.method() != HttpMethod.POST) {
      if (!isRead) {
        headers.remove(HttpHeaders.CONTENT_TYPE);
      }
    } else if (!isRead || !BodyLimit.isJson(type) && !BodyLimit.isForm(type)) {
      headers.set(HttpHeaders.CONTENT_TYPE, DefaultContentType.JSON);
    }
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
    if (type != null && !type.isBlank() && !isMediaType(type)) {
      throw unsupported(
          "'%s' is not a content type, such as 'application/json'.".formatted(clip(type)),
          "unsupported_content_type");
    }
  }

  private static boolean isMediaType(String type) {
    return MEDIA_TYPE.matcher(type.strip()).matches();
  }

  private static ApiException unsupported(String message, String code) {
    return new ApiException(415, new ApiError(message, ApiError.INVALID_REQUEST, null, code));
  }

  private static String clip(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "…";
  }
}
