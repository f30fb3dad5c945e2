package dev.threadmill.projects;

import dev.threadmill.telemetry.tracing.Tracing;
import io.vertx.ext.web.RoutingContext;
import jakarta.ws.rs.Priorities;
import org.jboss.resteasy.reactive.server.ServerRequestFilter;

/** Keeps the content of requests of projects with strict privacy out of spans. */
public class PrivateRequestsFilter {
  private final Tracing tracing;
  private final StrictPrivacy privacy;

  PrivateRequestsFilter(Tracing tracing, StrictPrivacy privacy) {
    this.tracing = tracing;
    this.privacy = privacy;
  }

  @ServerRequestFilter(priority = Priorities.AUTHENTICATION + 20)
  public void markPrivate(RoutingContext connection) {
    if (!tracing.capturesContent()) {
      return;
    }
    var caller = Caller.find();
    if (caller.isPresent() && privacy.isSetFor(caller.get().project())) {
      tracing.markPrivate(connection);
    }
  }
}
