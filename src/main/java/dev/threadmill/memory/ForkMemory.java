package dev.threadmill.memory;

import dev.threadmill.db.Tx;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.enterprise.context.ApplicationScoped;

/**
 * Copies the marks of forgotten messages to a fork. The rest of a fork's memory is made from its
 * messages. The memory of a deleted thread or message is deleted by triggers.
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
