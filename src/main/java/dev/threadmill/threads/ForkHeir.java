package dev.threadmill.threads;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
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
   * @param knownUntil what was made later is not known to it
   */
  public record Heir(ThreadId id, Instant knownUntil) {}

  /**
   * The newest fork of a thread. If it has none, the newest fork of the thread that it was forked
   * from itself: this one knows only what was there when both were made. Empty if there is neither.
   *
   * <p>Until the transaction ends, the thread is not forked, and its heir is not deleted: two
   * threads that are deleted at the same time would be the heirs of each other.
   */
  public Optional<Heir> of(Tx tx, ThreadId thread) {
    // A fork that is being made is committed or rolled back after this.
    tx.one("SELECT id FROM threads WHERE id = ? FOR UPDATE", row -> row.text("id"), thread);
    var heir = find(tx, thread);
    if (heir.isEmpty()) {
      return heir;
    }
    lockRelatives(tx, thread);
    return find(tx, thread);
  }

  private static Optional<Heir> find(Tx tx, ThreadId thread) {
    return tx.one(
        """
        SELECT f.id, CASE WHEN f.forked_from_thread = t.id THEN f.created_at
          ELSE LEAST(f.created_at, t.created_at) END AS known_until
        FROM threads t
        JOIN threads f ON f.id <> t.id
          AND f.forked_from_thread IN (t.id, t.forked_from_thread)
        WHERE t.id = ?
        ORDER BY f.forked_from_thread = t.id DESC, known_until DESC, f.id LIMIT 1
        """,
        row -> new Heir(row.text("id", ThreadId::new), row.instant("known_until")),
        thread);
  }

  /**
   * Locks the forks of the source and those of the thread against being deleted, in this order, in
   * which two deletions cannot wait for each other.
   */
  private static void lockRelatives(Tx tx, ThreadId thread) {
    tx.one("SELECT forked_from_thread FROM threads WHERE id = ?", ForkHeir::source, thread)
        .flatMap(source -> source)
        .ifPresent(source -> lock(tx, source));
    lock(tx, thread);
  }

  private static Optional<ThreadId> source(Row row) throws SQLException {
    return Optional.ofNullable(row.text("forked_from_thread", ThreadId::new));
  }

  private static void lock(Tx tx, ThreadId source) {
    tx.one(
        "SELECT pg_advisory_xact_lock(hashtext('forks'), hashtext(?)) IS NULL AS locked",
        row -> row.bool("locked"),
        source);
  }
}
