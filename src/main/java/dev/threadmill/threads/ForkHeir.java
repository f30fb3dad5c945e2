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
        WITH t AS MATERIALIZED (
          SELECT id, coalesce(heir_of, forked_from_thread) AS source,
            coalesce(heir_until, created_at) AS until
          FROM threads WHERE id = ?
        ), f AS (
          SELECT f.id, f.forked_from_thread AS source, f.created_at AS until
          FROM t JOIN threads f ON f.forked_from_thread IN (t.id, t.source)
          WHERE f.heir_of IS NULL
          UNION ALL
          SELECT f.id, f.heir_of, f.heir_until
          FROM t JOIN threads f ON f.heir_of IN (t.id, t.source)
        )
        SELECT f.id,
          CASE WHEN f.source = t.id THEN f.until ELSE LEAST(f.until, t.until) END AS known_until
        FROM t JOIN f ON f.id <> t.id
        ORDER BY f.source = t.id DESC, known_until DESC, f.id LIMIT 1
        """,
        row -> new Heir(row.text("id", ThreadId::new), row.instant("known_until")),
        thread);
  }

  /** Makes the forks of a thread that is deleted those of the thread before it. */
  static void passOn(Tx tx, ThreadId deleted) {
    tx.defer(
        """
        UPDATE threads f SET heir_of = coalesce(t.heir_of, t.forked_from_thread),
          heir_until =
            LEAST(coalesce(f.heir_until, f.created_at), coalesce(t.heir_until, t.created_at))
        FROM threads t
        WHERE t.id = ? AND (t.heir_of IS NOT NULL OR t.forked_from_thread IS NOT NULL)
          AND (f.heir_of = t.id OR f.forked_from_thread = t.id AND f.heir_of IS NULL)
        """,
        deleted);
  }

  /**
   * Locks the forks of the source and those of the thread against being deleted, in this order, in
   * which two deletions cannot wait for each other.
   */
  private static void lockRelatives(Tx tx, ThreadId thread) {
    tx.one(
            "SELECT coalesce(heir_of, forked_from_thread) AS source FROM threads WHERE id = ?",
            ForkHeir::source,
            thread)
        .flatMap(source -> source)
        .ifPresent(source -> lock(tx, source));
    lock(tx, thread);
  }

  private static Optional<ThreadId> source(Row row) throws SQLException {
    return Optional.ofNullable(row.text("source", ThreadId::new));
  }

  private static void lock(Tx tx, ThreadId source) {
    tx.one(
        "SELECT pg_advisory_xact_lock(hashtext('forks'), hashtext(?)) IS NULL AS locked",
        row -> row.bool("locked"),
        source);
  }
}
