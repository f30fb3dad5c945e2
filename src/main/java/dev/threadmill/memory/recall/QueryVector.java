package dev.threadmill.memory.recall;

import dev.threadmill.memory.text.MemoryQuery;
import dev.threadmill.models.Embeddings;
import dev.threadmill.models.ModelException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jboss.logging.Logger;

/** The vector of a question, which takes a while: what does not need it is done in the meantime. */
@FunctionalInterface
public interface QueryVector {
  Logger LOG = Logger.getLogger(QueryVector.class);

  /** Waits for it. Null if the model is down or takes too long: then words have to do. */
  float[] get() throws InterruptedException;

  /** Has the question embedded, however long that takes. */
  static QueryVector of(MemoryQuery question, Embeddings embeddings) {
    return embedding(question, embeddings)::await;
  }

  /**
   * Has the question embedded.
   *
   * @param patience how long that may take
   */
  static QueryVector of(MemoryQuery question, Embeddings embeddings, Duration patience) {
    var embedding = embedding(question, embeddings);
    var told = new AtomicBoolean();
    return () -> {
      try {
        return embedding.await(patience);
      } catch (TimeoutException e) {
        if (told.compareAndSet(false, true)) {
          LOG.infof("embeddings=slow model=%s recall=by_words", embeddings.name());
        }
        return null;
      }
    };
  }

  private static Async<float[]> embedding(MemoryQuery question, Embeddings embeddings) {
    return Async.start(
        "embed-question",
        () -> {
          try {
            return embeddings.embedQuery(question.text());
          } catch (ModelException e) {
            LOG.warnf("embeddings=failed model=%s recall=by_words", embeddings.name());
            return null;
          }
        });
  }
}
