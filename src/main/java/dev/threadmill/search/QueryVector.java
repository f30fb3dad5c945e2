package dev.threadmill.search;

import dev.threadmill.api.WorkOwner;
import dev.threadmill.models.ModelException;
import dev.threadmill.models.embeddings.EmbeddingModel;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/** The vector of a query, which is computed while the search does what does not need it. */
@FunctionalInterface
public interface QueryVector {
  Logger LOG = Logger.getLogger(QueryVector.class);

  /** Waits for the vector. Null if the model failed or timed out: the search uses words alone. */
  float[] get() throws InterruptedException;

  /** Embeds a text without a time limit. */
  static QueryVector of(String text, EmbeddingModel embeddings) {
    return embedding(text, embeddings)::await;
  }

  /** Embeds a text within a time limit. */
  static QueryVector of(String text, EmbeddingModel embeddings, Duration timeout) {
    var embedding = embedding(text, embeddings);
    var isLogged = new AtomicBoolean();
    return () -> {
      try {
        return embedding.await(timeout);
      } catch (TimeoutException e) {
        if (isLogged.compareAndSet(false, true)) {
          LOG.infof("query_embedding=timed_out model=%s search=by_words", embeddings.name());
        }
        return null;
      }
    };
  }

  private static Async<float[]> embedding(String text, EmbeddingModel embeddings) {
    var owner = WorkOwner.current();
    return Async.start(
        "embed-query",
        () -> {
          try {
            return WorkOwner.<float[], InterruptedException>call(
                owner, () -> embeddings.embedQuery(text));
          } catch (ModelException e) {
            LOG.warnf(
                "query_embedding=failed model=%s search=by_words reason=%s",
                embeddings.name(), e.getMessage());
            return null;
          }
        });
  }
}
