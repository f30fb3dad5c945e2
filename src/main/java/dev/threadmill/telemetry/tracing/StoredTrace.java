package dev.threadmill.telemetry.tracing;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import io.opentelemetry.context.Context;

/**
 * The trace that work belongs to, stored with the work so that any node continues it. What there is
 * not is null.
 *
 * @param traceparent of W3C Trace Context
 * @param tracestate of W3C Trace Context
 * @param debug true if requests and prompts are kept in the debug log
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record StoredTrace(String traceparent, String tracestate, Boolean debug) {
  /**
   * The trace of work that the current operation of this thread has another run do.
   *
   * @param own that of the work which the operation is part of; null for none
   */
  public static StoredTrace below(StoredTrace own) {
    if (own == null) {
      return null;
    }
    var headers = TraceHeaders.of(Context.current());
    var traceparent = headers.get(TraceHeaders.TRACEPARENT);
    return traceparent == null
        ? own
        : new StoredTrace(traceparent, headers.get(TraceHeaders.TRACESTATE), own.debug());
  }

  /** Whether requests and prompts are kept. */
  @JsonIgnore
  public boolean isDebugged() {
    return Boolean.TRUE.equals(debug);
  }

  /** The same if there is anything in it; else null. */
  StoredTrace orNull() {
    return traceparent == null && debug == null ? null : this;
  }
}
