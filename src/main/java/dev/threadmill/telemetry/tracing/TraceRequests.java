package dev.threadmill.telemetry.tracing;

import dev.threadmill.api.http.Routes;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.quarkus.vertx.http.runtime.filters.Filters;
import io.vertx.core.MultiMap;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;

/** Makes a span for each request of the API, within the trace that its headers name. */
@ApplicationScoped
class TraceRequests {
  static final String CONTEXT = TraceRequests.class.getName();

  private static final int FIRST = 1050;
  private static final int SERVER_ERROR = 500;
  private static final AttributeKey<String> METHOD = AttributeKey.stringKey("http.request.method");
  private static final AttributeKey<String> ROUTE = AttributeKey.stringKey("http.route");
  private static final AttributeKey<Long> STATUS =
      AttributeKey.longKey("http.response.status_code");
  private static final AttributeKey<String> REQUEST_ID = AttributeKey.stringKey("request.id");

  private static final TextMapGetter<MultiMap> HEADERS =
      new TextMapGetter<>() {
        @Override
        public Iterable<String> keys(MultiMap headers) {
          return headers.names();
        }

        @Override
        public String get(MultiMap headers, String name) {
          return headers.get(name);
        }
      };

  private final Routes routes;
  private final Tracing tracing;

  TraceRequests(Routes routes, Tracing tracing) {
    this.routes = routes;
    this.tracing = tracing;
  }

  void onEveryRequest(@Observes Filters filters) {
    if (tracing.isOn()) {
      filters.register(this::trace, FIRST);
    }
  }

  private void trace(RoutingContext request) {
    var route = routes.find(request.normalizedPath());
    // A rerouted request passes here twice.
    if (route.isPresent() && request.get(CONTEXT) == null) {
      var parent =
          W3CTraceContextPropagator.getInstance()
              .extract(Context.root(), request.request().headers(), HEADERS);
      var method = request.request().method().name();
      var template = route.get().template();
      var span = tracing.span(method + " " + template, SpanKind.SERVER, parent);
      span.setAttribute(METHOD, method);
      span.setAttribute(ROUTE, template);
      request.put(CONTEXT, parent.with(span));
      request.addEndHandler(
          _ -> {
            int status = request.response().getStatusCode();
            span.setAttribute(STATUS, (long) status);
            String id = request.response().headers().get("x-request-id");
            if (id != null) {
              span.setAttribute(REQUEST_ID, id);
            }
            if (status >= SERVER_ERROR) {
              span.setAttribute(GenAi.ERROR_TYPE, Integer.toString(status));
              span.setStatus(StatusCode.ERROR);
            }
            span.end();
          });
    }
    request.next();
  }
}
