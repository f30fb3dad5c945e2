package dev.threadmill.api.http;

import dev.threadmill.api.ApiException;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/**
 * Refuses URLs that would be routed by another path than the one that was sent, and values that no
 * column can hold. The router decodes and removes dot segments before it matches a path, encoded
 * ones included, so {@code DELETE …/messages/%2e%2e} would be the deletion of the thread.
 */
@ApplicationScoped
public class RejectMalformedUrls {
  /** Behind the request id, so that the answer has one, and before the path is looked at. */
  private static final int AFTER_REQUEST_ID = 950;

  private static final Pattern SEPARATORS = Pattern.compile("[/\\\\]");

  void onEveryRequest(@Observes Filters filters) {
    filters.register(RejectMalformedUrls::check, AFTER_REQUEST_ID);
  }

  private static void check(RoutingContext context) {
    try {
      check(context.request().path(), context.request().query());
    } catch (ApiException e) {
      BodyLimit.refuse(context, e);
      return;
    }
    context.next();
  }

  /**
   * @param query null for none
   * @throws ApiException 400 that names the parameter, if it is one
   */
  static void check(String path, String query) {
    checkPath(path);
    checkQuery(query);
  }

  private static void checkPath(String path) {
    if (path == null || path.indexOf('%') < 0 && path.indexOf('.') < 0 && path.indexOf('\\') < 0) {
      return;
    }
    var decoded = decode(null, path);
    if (decoded.indexOf('\0') >= 0) {
      throw ApiException.invalid(null, "Invalid URL: the path contains a NUL character.");
    }
    for (var segment : SEPARATORS.split(decoded)) {
      // Matrix parameters belong to a segment.
      var name = segment.indexOf(';') < 0 ? segment : segment.substring(0, segment.indexOf(';'));
      if (name.equals(".") || name.equals("..")) {
        throw ApiException.invalid(
            null, "Invalid URL: the path contains a '.' or '..' segment, encoded or not.");
      }
    }
  }

  private static void checkQuery(String query) {
    if (query == null || query.indexOf('%') < 0) {
      return;
    }
    for (var pair : query.split("&")) {
      int equals = pair.indexOf('=');
      var name = decode(null, equals < 0 ? pair : pair.substring(0, equals));
      var value = equals < 0 ? "" : decode(printable(name), pair.substring(equals + 1));
      if (name.indexOf('\0') >= 0 || value.indexOf('\0') >= 0) {
        throw ApiException.invalid(
            printable(name),
            "Invalid '%s': the query contains a NUL character.".formatted(printable(name)));
      }
    }
  }

  private static String decode(String param, String text) {
    try {
      // A plus is a plus in a path; in a query it makes no difference here.
      return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      throw ApiException.invalid(
          param,
          (param == null ? "Invalid URL" : "Invalid '" + param + "'")
              + ": '%' has to be followed by two hexadecimal digits.");
    }
  }

  private static String printable(String name) {
    return name.replace("\0", "");
  }
}
