package dev.threadmill.memory;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The versions of summaries. */
@ApplicationScoped
class SummaryStore {
  private static final String COLUMNS =
      "thread_id, version, project_id, created_at, text, method, origin, written_by, covers_to";

  private final Jdbc jdbc;

  SummaryStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * A version of a summary.
   *
   * @param version from 1
   * @param method {@code rolling} or {@code reflection}
   * @param origin {@code model}, {@code extract}, {@code edit} or {@code restore}
   * @param writtenBy the model, or the version that was restored; null if edited
   * @param coversTo the time of the newest message that it covers
   */
  record Summary(
      ThreadId thread,
      int version,
      ProjectId project,
      Instant createdAt,
      String text,
      String method,
      String origin,
      String writtenBy,
      Instant coversTo) {}

  /** The newest version. */
  Optional<Summary> latest(ThreadId thread) {
    return jdbc.one(
        "SELECT "
            + COLUMNS
            + " FROM memory_summaries WHERE thread_id = ? ORDER BY version DESC LIMIT 1",
        SummaryStore::read,
        thread);
  }

  /** The number of the newest version, within a transaction; 0 if there is none. */
  int latestVersion(Tx tx, ThreadId thread) {
    return tx.one(
            "SELECT max(version) AS version FROM memory_summaries WHERE thread_id = ?",
            row -> Optional.ofNullable(row.integer("version")),
            thread)
        .flatMap(found -> found)
        .orElse(0);
  }

  Optional<Summary> version(ThreadId thread, int version) {
    return jdbc.one(
        "SELECT " + COLUMNS + " FROM memory_summaries WHERE thread_id = ? AND version = ?",
        SummaryStore::read,
        thread,
        version);
  }

  /** Versions below a number, newest first. */
  List<Summary> versions(ThreadId thread, int below, int limit) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + " FROM memory_summaries WHERE thread_id = ? AND version < ?"
            + " ORDER BY version DESC LIMIT ?",
        SummaryStore::read,
        thread,
        below,
        limit);
  }

  /**
   * Adds a version, unless another transaction has added the same number.
   *
   * @param summary with the next number
   * @return false if the number is taken
   */
  boolean add(Tx tx, Summary summary) {
    return tx.update(
            """
            INSERT INTO memory_summaries (thread_id, version, project_id, created_at, text, method,
              origin, written_by, covers_to)
            SELECT id, ?, project_id, ?, ?, ?, ?, ?, ? FROM threads WHERE id = ? FOR KEY SHARE
            ON CONFLICT DO NOTHING
            """,
            summary.version(),
            summary.createdAt(),
            summary.text(),
            summary.method(),
            summary.origin(),
            summary.writtenBy(),
            summary.coversTo(),
            summary.thread())
        > 0;
  }

  private static Summary read(Row row) throws SQLException {
    return new Summary(
        row.text("thread_id", ThreadId::new),
        row.integer("version"),
        row.text("project_id", ProjectId::new),
        row.instant("created_at"),
        row.text("text"),
        row.text("method"),
        row.text("origin"),
        row.text("written_by"),
        row.instant("covers_to"));
  }
}
