package dev.threadmill.api.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * Security headers for the pages under {@code /docs}, and a redirect to them that is relative, so
 * that they work below a sub-path of a reverse proxy.
 */
@ApplicationScoped
public class DocsPages {
  private static final String DOCS = "/docs";
  private static final int AFTER_VERSION_ALIASES = 850;

  /** The pages carry their own script and style, and ask this server only. */
  private static final String CONTENT_POLICY =
      "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
          + " img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self';"
          + " frame-ancestors 'none'";

  void onEveryRequest(@Observes Filters filters) {
    filters.register(DocsPages::protect, AFTER_VERSION_ALIASES);
  }

  private static void protect(RoutingContext context) {
    var path = context.request().path();
    boolean isPage = path != null && (path.equals(DOCS) || path.startsWith(DOCS + "/"));
    if (!isPage) {
      context.next();
      return;
    }
    context
        .response()
        .putHeader("Content-Security-Policy", CONTENT_POLICY)
        .putHeader("X-Content-Type-Options", "nosniff")
        .putHeader("X-Frame-Options", "DENY")
        .putHeader("Referrer-Policy", "no-referrer")
        .putHeader("Cross-Origin-Opener-Policy", "same-origin");
    if (path.equals(DOCS)) {
      context.response().setStatusCode(302).putHeader(HttpHeaders.LOCATION, "docs/").end();
    } else {
      context.next();
    }
  }
}
