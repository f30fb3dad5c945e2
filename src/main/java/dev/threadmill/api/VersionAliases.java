package dev.threadmill.api;

import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.util.regex.Pattern;

/**
 * {@code /v2/…}, {@code /v26/…} and {@code /v26/private/{name}/…} are the same API as {@code
 * /v1/…}: the request is routed on under its canonical name.
 */
@ApplicationScoped
public class VersionAliases {
  private static final Pattern ALIAS =
      Pattern.compile("/(?:v2|v26(?:/private/[A-Za-z0-9_-]+)?)(/.*)?");
  private static final int AFTER_REQUEST_ID = 900;

  void onEveryRequest(@Observes Filters filters) {
    filters.register(VersionAliases::canonical, AFTER_REQUEST_ID);
  }

  private static void canonical(RoutingContext context) {
    var alias = ALIAS.matcher(context.request().path());
    if (!alias.matches()) {
      context.next();
      return;
    }
    var query = context.request().query();
    var rest = alias.group(1) == null ? "" : alias.group(1);
    context.reroute(context.request().method(), "/v1" + rest + (query == null ? "" : "?" + query));
  }
}
