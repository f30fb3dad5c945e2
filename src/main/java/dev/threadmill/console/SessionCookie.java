package dev.threadmill.console;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.Cookie;
import io.vertx.core.http.CookieSameSite;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;

/**
 * The cookie of a session. It counts only in requests of the console's own pages: those have a
 * header that a form or a link cannot send, and that a page of another origin may not. Such a
 * request is treated as if the secret of the session stood in its {@code Authorization}.
 */
@ApplicationScoped
class SessionCookie {
  static final String NAME = "threadmill_console";

  /** Which requests are by the console. Its value has no meaning. */
  static final String HEADER = "X-Threadmill-Console";

  private static final Pattern SECRET = Pattern.compile("cs-[A-Za-z0-9_-]{20,100}");
  private static final int AFTER_VERSION_ALIASES = 840;
  private static final String FETCH_SITE = "Sec-Fetch-Site";
  private static final String FORWARDED_PROTOCOL = "X-Forwarded-Proto";

  void onEveryRequest(@Observes Filters filters) {
    filters.register(SessionCookie::authorize, AFTER_VERSION_ALIASES);
  }

  /** The cookie that opens a session. */
  static String of(ConsoleSessions.Opened session, HttpServerRequest request) {
    var age = Duration.between(Instant.now(), session.expiresAt());
    return cookie(session.secret().value(), Math.max(1, age.toSeconds()), request);
  }

  /** The cookie that makes a browser forget its session. */
  static String expired(HttpServerRequest request) {
    return cookie("", 0, request);
  }

  private static String cookie(String value, long maxAge, HttpServerRequest request) {
    return Cookie.cookie(NAME, value)
        .setPath("/")
        .setHttpOnly(true)
        .setSameSite(CookieSameSite.STRICT)
        .setSecure(isEncrypted(request))
        .setMaxAge(maxAge)
        .encode();
  }

  /** A proxy may say so in a header; whoever sends it falsely loses their own cookie only. */
  private static boolean isEncrypted(HttpServerRequest request) {
    return request.isSSL() || "https".equalsIgnoreCase(request.getHeader(FORWARDED_PROTOCOL));
  }

  private static void authorize(RoutingContext context) {
    var request = context.request();
    if (request.getHeader(HEADER) == null
        || request.headers().contains(HttpHeaders.AUTHORIZATION)) {
      context.next();
      return;
    }
    var cookie = request.getCookie(NAME);
    if (cookie == null || !SECRET.matcher(cookie.getValue()).matches()) {
      context.next();
    } else if (isOfThisOrigin(request)) {
      request.headers().set(HttpHeaders.AUTHORIZATION, "Bearer " + cookie.getValue());
      context.next();
    } else {
      refuse(context);
    }
  }

  /**
   * Whether a page of this server sends the request. Browsers say so themselves on encrypted and on
   * local connections; on others the origin must be the host that was asked.
   */
  private static boolean isOfThisOrigin(HttpServerRequest request) {
    var site = request.getHeader(FETCH_SITE);
    if (site != null) {
      return site.equals("same-origin");
    }
    var origin = request.getHeader(HttpHeaders.ORIGIN);
    return origin == null || authority(origin).equals(request.getHeader(HttpHeaders.HOST));
  }

  private static String authority(String origin) {
    try {
      var authority = URI.create(origin).getRawAuthority();
      return authority == null ? "" : authority;
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private static void refuse(RoutingContext context) {
    var error =
        ApiException.forbidden("A session of the console is for the pages of this server only.");
    context
        .response()
        .setStatusCode(error.httpStatus())
        .putHeader(HttpHeaders.CONTENT_TYPE, "application/json")
        .end(Json.write(error.error().inEnvelope()));
  }
}
