package dev.threadmill.memory;

import dev.threadmill.db.Tx;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * The copy of a message that the memory was told to forget is forgotten, too. All else that the
 * memory stores for a fork is made anew; for a deleted thread or message, triggers delete it.
 */
@ApplicationScoped
class ForkMemory implements ThreadLifecycle {
  @Override
  public void copyRange(Tx tx, ForkRange range) {
    tx.defer(
        """
        INSERT INTO memory_forgotten (thread_id, message_id, project_id)
        SELECT ?, n.new_id, f.project_id
        FROM unnest(?, ?) AS n (old_id, new_id)
        JOIN memory_forgotten f ON f.thread_id = ? AND f.message_id = n.old_id
        """,
        range.copy(),
        range.messages(),
        range.copies(),
        range.source());
  }
}
