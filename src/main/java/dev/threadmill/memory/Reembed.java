package dev.threadmill.memory;

import dev.threadmill.db.Jdbc;
import dev.threadmill.models.Embeddings;
import dev.threadmill.search.VectorColumn;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/**
 * Has texts embedded anew whose vectors are of another model than the present one: a few at a time
 * goes to the queue of messages, behind what is new. Until its turn comes a text is found by its
 * words.
 */
@ApplicationScoped
class Reembed {
  private static final Logger LOG = Logger.getLogger(Reembed.class);
  private static final int AT_ONCE = 500;

  private final Jdbc jdbc;
  private final VectorColumn vectors;
  private final Embeddings embeddings;
  private final InstantSource clock;
  private boolean indexed;

  Reembed(Jdbc jdbc, VectorColumn vectors, Embeddings embeddings, InstantSource clock) {
    this.jdbc = jdbc;
    this.vectors = vectors;
    this.embeddings = embeddings;
    this.clock = clock;
  }

  /** Queues some messages. Returns how many; 0 when all is of the present model. */
  int enqueueBatch() {
    int queued =
        jdbc.update(
            """
            INSERT INTO memory_queue (thread_id, message_id, project_id, due)
            SELECT DISTINCT thread_id, source_id, project_id, ?::timestamptz FROM (
              SELECT thread_id, source_id, project_id FROM memory_index
              WHERE model <> ? AND source_type = 'message' LIMIT ?) AS outdated
            ON CONFLICT DO NOTHING
            """,
            clock.instant(),
            embeddings.name(),
            AT_ONCE);
    if (queued > 0) {
      LOG.infof("reembed model=%s queued=%d", embeddings.name(), queued);
    }
    return queued;
  }

  /** Makes the HNSW index of the present model, if there is none yet. */
  synchronized void createVectorIndex() {
    if (indexed || !vectors.kind().indexed()) {
      return;
    }
    var name = "memory_index_" + embeddings.name().replaceAll("[^A-Za-z0-9]", "_").toLowerCase();
    jdbc.update(
        """
        CREATE INDEX IF NOT EXISTS %s ON memory_index
        USING hnsw ((embedding::%s(%d)) %s_cosine_ops) WHERE model = '%s'
        """
            .formatted(
                name.length() > 60 ? name.substring(0, 60) : name,
                vectors.kind().type(),
                embeddings.dimensions(),
                vectors.kind().type(),
                embeddings.name().replace("'", "''")));
    indexed = true;
  }
}
