package dev.threadmill.models.embeddings;

import dev.threadmill.api.ApiException;
import dev.threadmill.models.ModelException;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Measures requests for embeddings by their outcome, and their tokens. Model names are no labels,
 * since callers choose them.
 */
@ApplicationScoped
class EmbeddingMetrics {
  private final MeterRegistry meters;
  private final Counter inputs;
  private final Counter tokens;

  /** A request. */
  interface Request {
    EmbeddingList run() throws InterruptedException;
  }

  EmbeddingMetrics(MeterRegistry meters) {
    this.meters = meters;
    this.inputs =
        Counter.builder("threadmill.embeddings.inputs")
            .description("Texts that were embedded for clients")
            .register(meters);
    this.tokens =
        Counter.builder("threadmill.embeddings.tokens")
            .description("Tokens of texts that were embedded for clients")
            .register(meters);
  }

  EmbeddingList measured(Request request) throws InterruptedException {
    var sample = Timer.start(meters);
    var outcome = "failed";
    try {
      var list = request.run();
      outcome = "completed";
      inputs.increment(list.data().size());
      tokens.increment(list.usage().promptTokens());
      return list;
    } catch (ApiException e) {
      outcome = "refused";
      throw e;
    } catch (ModelException e) {
      outcome = e.kind() == ModelException.Kind.PROVIDER_FAILED ? "failed" : "refused";
      throw e;
    } finally {
      sample.stop(
          Timer.builder("threadmill.embeddings")
              .description("Requests for embeddings")
              .tag("outcome", outcome)
              .register(meters));
    }
  }
}
