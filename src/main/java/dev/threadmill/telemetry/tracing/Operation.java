package dev.threadmill.telemetry.tracing;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.Scope;

/**
 * An operation that a span describes. Closed on the thread that started it. Without traces it is
 * {@link #NONE}, which does nothing.
 */
public final class Operation implements AutoCloseable {
  /** Not traced. */
  public static final Operation NONE = new Operation(Span.getInvalid(), Scope.noop());

  private final Span span;
  private final Scope scope;

  private Operation(Span span, Scope scope) {
    this.span = span;
    this.scope = scope;
  }

  static Operation of(Span span, Context parent) {
    return new Operation(span, parent.with(span).makeCurrent());
  }

  /** Whether attributes of the operation are recorded. */
  public boolean isRecording() {
    return span.isRecording();
  }

  /** Sets an attribute, unless its value is null. */
  public <T> Operation set(AttributeKey<T> key, T value) {
    if (value != null) {
      span.setAttribute(key, value);
    }
    return this;
  }

  /**
   * The operation failed.
   *
   * @param type a word of a small set, or the name of a class
   */
  public void failed(String type) {
    span.setAttribute(GenAi.ERROR_TYPE, type);
    span.setStatus(StatusCode.ERROR);
  }

  @Override
  public void close() {
    scope.close();
    span.end();
  }
}
