package dev.threadmill.models.embeddings;

import dev.threadmill.models.ModelException;
import dev.threadmill.telemetry.GenAiMetrics;
import dev.threadmill.telemetry.tracing.GenAi;
import dev.threadmill.telemetry.tracing.Tracing;
import io.opentelemetry.api.trace.SpanKind;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.util.Locale;
import java.util.function.ToLongFunction;

/** Measures and traces what embedding models compute. */
@ApplicationScoped
class ObserveEmbeddings {
  private final GenAiMetrics metrics;
  private final Tracing tracing;

  ObserveEmbeddings(GenAiMetrics metrics, Tracing tracing) {
    this.metrics = metrics;
    this.tracing = tracing;
  }

  /** A computation. */
  interface Computation<T> {
    T run() throws InterruptedException;
  }

  /**
   * Runs a computation.
   *
   * @param provider its name, as clients know it
   * @param tokens how many a result has cost; 0 if it is not known
   */
  <T> T observed(
      String provider, String model, Computation<T> computation, ToLongFunction<T> tokens)
      throws InterruptedException {
    var call = new GenAiMetrics.Call(GenAi.EMBEDDINGS, GenAi.provider(provider), model);
    long started = System.nanoTime();
    String error = null;
    try (var operation = tracing.start(GenAi.EMBEDDINGS + " " + model, SpanKind.CLIENT)) {
      operation
          .set(GenAi.OPERATION, GenAi.EMBEDDINGS)
          .set(GenAi.PROVIDER, call.provider())
          .set(GenAi.REQUEST_MODEL, model);
      try {
        var result = computation.run();
        long used = tokens.applyAsLong(result);
        if (used > 0) {
          metrics.used(call, used, 0);
          operation.set(GenAi.INPUT_TOKENS, used);
        }
        return result;
      } catch (ModelException e) {
        error = e.kind().name().toLowerCase(Locale.ROOT);
        throw e;
      } catch (InterruptedException e) {
        error = "cancelled";
        throw e;
      } catch (RuntimeException e) {
        error = e.getClass().getSimpleName();
        throw e;
      } finally {
        if (error != null) {
          operation.failed(error);
        }
        metrics.ended(call, Duration.ofNanos(System.nanoTime() - started), error);
      }
    }
  }
}
