package dev.threadmill.api.http;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/**
 * Treats a body as JSON if it has no content type, or the form type that {@code curl -d} sends by
 * default. The API has no forms.
 */
@ApplicationScoped
public class DefaultContentType {
  private static final String FORM = "application/x-www-form-urlencoded";
  static final String JSON = "application/json";
  private static final int AFTER_VERSION_ALIASES = 800;

  void onEveryRequest(@Observes Filters filters) {
    filters.register(DefaultContentType::complete, AFTER_VERSION_ALIASES);
  }

  private static void complete(RoutingContext context) {
    var request = context.request();
    if (request.method() == HttpMethod.POST) {
      var type = request.getHeader(HttpHeaders.CONTENT_TYPE);
      if (type == null || type.isBlank() || type.regionMatches(true, 0, FORM, 0, FORM.length())) {
        request.headers().set(HttpHeaders.CONTENT_TYPE, JSON);
      }
    }
    context.next();
  }
}
