package dev.threadmill.threads;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.Optional;

/**
 * Finds the thread that takes over what was made for a deleted thread: files and a vector store,
 * which its forks refer to as well.
 */
@ApplicationScoped
public class ForkHeir {
  /**
   * The thread that takes over.
   *
   * @param createdAt what was made later is not known to it
   */
  public record Heir(ThreadId id, Instant createdAt) {}

  /**
   * The newest fork of a thread or of the thread that it was forked from itself; empty if there is
   * none.
   */
  public Optional<Heir> of(Tx tx, ThreadId thread) {
    return tx.one(
        """
        SELECT f.id, f.created_at FROM threads t
        JOIN threads f ON f.id <> t.id
          AND f.forked_from_thread IN (t.id, t.forked_from_thread)
        WHERE t.id = ? ORDER BY f.created_at DESC LIMIT 1
        """,
        row -> new Heir(row.text("id", ThreadId::new), row.instant("created_at")),
        thread);
  }
}
