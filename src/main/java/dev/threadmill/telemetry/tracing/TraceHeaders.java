package dev.threadmill.telemetry.tracing;

import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.BiConsumer;

/** The headers of W3C Trace Context. */
public final class TraceHeaders {
  static final String TRACEPARENT = "traceparent";
  static final String TRACESTATE = "tracestate";

  private TraceHeaders() {}

  /** Gives the headers of the current operation, none if it is not traced. */
  public static void addCurrent(BiConsumer<String, String> headers) {
    var current = Context.current();
    if (current != Context.root()) {
      W3CTraceContextPropagator.getInstance()
          .inject(current, headers, (carrier, name, value) -> carrier.accept(name, value));
    }
  }

  static Map<String, String> of(Context context) {
    var headers = new LinkedHashMap<String, String>();
    W3CTraceContextPropagator.getInstance().inject(context, headers, Map::put);
    return headers;
  }
}
