package dev.threadmill.memory;

import dev.threadmill.telemetry.tracing.GenAi;
import dev.threadmill.telemetry.tracing.Tracing;
import io.opentelemetry.api.trace.SpanKind;
import jakarta.enterprise.context.ApplicationScoped;

/** Traces changes of memories. */
@ApplicationScoped
class TraceMemory {
  private final Tracing tracing;

  TraceMemory(Tracing tracing) {
    this.tracing = tracing;
  }

  /** A change with a result. */
  interface Change<T, X extends Exception> {
    T make() throws X;
  }

  /**
   * Makes a change.
   *
   * @param operation {@code update_memory} or {@code delete_memory}
   * @param thread null for several
   */
  <T, X extends Exception> T traced(String operation, String thread, Change<T, X> change) throws X {
    try (var span = tracing.start(operation, SpanKind.INTERNAL)) {
      span.set(GenAi.OPERATION, operation).set(GenAi.CONVERSATION, thread);
      try {
        return change.make();
      } catch (RuntimeException e) {
        span.failed(e.getClass().getSimpleName());
        throw e;
      }
    }
  }
}
