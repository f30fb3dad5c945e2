package dev.threadmill.api.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.Optional;

/** Answers {@code OPTIONS} with the methods that a path has. Preflights of browsers come before. */
@ApplicationScoped
class AnswerOptions {
  /** Behind the handler of CORS, which is at 300. */
  private static final int AFTER_CORS = 250;

  private static final int NO_CONTENT = 204;

  private final Routes routes;

  AnswerOptions(Routes routes) {
    this.routes = routes;
  }

  void onEveryRequest(@Observes Filters filters) {
    filters.register(this::answer, AFTER_CORS);
  }

  private void answer(RoutingContext context) {
    var request = context.request();
    var route =
        request.method().equals(HttpMethod.OPTIONS)
            ? routes.find(context.normalizedPath())
            : Optional.<Routes.Route>empty();
    if (route.isEmpty()) {
      context.next();
      return;
    }
    context
        .response()
        .setStatusCode(NO_CONTENT)
        .putHeader(HttpHeaders.ALLOW, String.join(", ", route.get().allowed()))
        .end();
  }
}
