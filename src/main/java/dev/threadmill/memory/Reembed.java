package dev.threadmill.memory;

import dev.threadmill.db.Jdbc;
import dev.threadmill.models.embeddings.Embeddings;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.InstantSource;
import org.jboss.logging.Logger;

/**
 * Queues messages whose vectors are of another model than the present one, some at a time, behind
 * new messages. Until a message is embedded again its words find it.
 */
@ApplicationScoped
class Reembed {
  private static final Logger LOG = Logger.getLogger(Reembed.class);
  private static final int BATCH = 500;

  private final Jdbc jdbc;
  private final Embeddings embeddings;
  private final InstantSource clock;

  Reembed(Jdbc jdbc, Embeddings embeddings, InstantSource clock) {
    this.jdbc = jdbc;
    this.embeddings = embeddings;
    this.clock = clock;
  }

  /** Queues some messages. Returns how many; 0 if all vectors are of the present model. */
  int enqueueBatch() {
    int queued =
        jdbc.update(
            """
            INSERT INTO memory_queue (thread_id, message_id, project_id, due, wants_vector)
            SELECT DISTINCT thread_id, source_id, project_id, ?::timestamptz, true FROM (
              SELECT thread_id, source_id, project_id FROM memory_index
              WHERE model <> ? AND source_type = 'message' LIMIT ?) AS outdated
            ON CONFLICT DO NOTHING
            """,
            clock.instant(),
            embeddings.name(),
            BATCH);
    if (queued > 0) {
      LOG.infof("reembed model=%s queued=%d", embeddings.name(), queued);
    }
    return queued;
  }
}
