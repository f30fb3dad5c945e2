package dev.threadmill.api.http;

import dev.threadmill.api.ApiException;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * Answers requests without a {@code Host}, or with one that is no host. The router refuses them
 * before any filter, with an error in its own form.
 */
@ApplicationScoped
class RequireHost {
  private static final int BEFORE_OTHER_ROUTES = -100_000;

  void register(@Observes Router router) {
    router.route().order(BEFORE_OTHER_ROUTES).failureHandler(RequireHost::answer);
  }

  private static void answer(RoutingContext context) {
    var host = context.request().getHeader(HttpHeaders.HOST);
    if (host == null || host.isBlank()) {
      BodyLimit.refuse(context, ApiException.invalid(null, "The request has no Host header."));
    } else if (context.request().authority() == null) {
      BodyLimit.refuse(context, ApiException.invalid(null, "The Host header is not a host."));
    } else {
      context.next();
    }
  }
}
