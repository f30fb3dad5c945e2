package dev.threadmill.memory;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.recall.MemoryIndex;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The facts, preferences and open questions that reflection has extracted. */
@ApplicationScoped
class FactStore {
  static final String PREFIX = "fact_";
  private static final String COLUMNS =
      """
      thread_id, id, project_id, kind, text, to_jsonb(message_ids) AS message_ids, created_at,
      updated_at, superseded_by
      """;

  private static final TypeReference<List<String>> STRINGS = new TypeReference<>() {};

  private final Jdbc jdbc;
  private final MemoryIndex index;

  FactStore(Jdbc jdbc, MemoryIndex index) {
    this.jdbc = jdbc;
    this.index = index;
  }

  /**
   * A fact.
   *
   * @param kind {@code fact}, {@code preference} or {@code question}
   * @param messageIds the messages that it was extracted from
   * @param supersededBy the fact that corrected this one; null while it is valid
   */
  record Fact(
      ThreadId thread,
      String id,
      ProjectId project,
      String kind,
      String text,
      List<String> messageIds,
      Instant createdAt,
      Instant updatedAt,
      String supersededBy) {
    Fact withText(String other) {
      return new Fact(
          thread, id, project, kind, other, messageIds, createdAt, updatedAt, supersededBy);
    }
  }

  /** The valid facts of a thread, newest first. */
  List<Fact> holding(ThreadId thread, int limit) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + " FROM memory_facts WHERE thread_id = ? AND superseded_by IS NULL"
            + " ORDER BY created_at DESC, id DESC LIMIT ?",
        FactStore::read,
        thread,
        limit);
  }

  /** Valid and superseded facts, newest first, starting after one of them. */
  List<Fact> page(ThreadId thread, String after, int limit) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + """
            FROM memory_facts WHERE thread_id = ? AND (?::text IS NULL OR (created_at, id) <
              (SELECT created_at, id FROM memory_facts WHERE thread_id = ? AND id = ?))
            ORDER BY created_at DESC, id DESC LIMIT ?
            """,
        FactStore::read,
        thread,
        after,
        thread,
        after,
        limit);
  }

  Optional<Fact> find(ThreadId thread, String id) {
    return jdbc.one(
        "SELECT " + COLUMNS + " FROM memory_facts WHERE thread_id = ? AND id = ?",
        FactStore::read,
        thread,
        id);
  }

  void insert(Tx tx, Fact fact, String assistantId, String userId) {
    tx.update(
        """
        INSERT INTO memory_facts (thread_id, id, project_id, assistant_id, user_id, kind, text,
          message_ids, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        fact.thread(),
        fact.id(),
        fact.project(),
        assistantId,
        userId,
        fact.kind(),
        fact.text(),
        fact.messageIds(),
        fact.createdAt(),
        fact.updatedAt());
  }

  /** Marks a fact as superseded and removes it from the index. */
  void supersede(Tx tx, ThreadId thread, String id, String by, Instant at) {
    tx.update(
        """
        UPDATE memory_facts SET superseded_by = ?, updated_at = ?
        WHERE thread_id = ? AND id = ? AND superseded_by IS NULL
        """,
        by,
        at,
        thread,
        id);
    index.remove(tx, thread, List.of(id));
  }

  boolean setText(Tx tx, ThreadId thread, String id, String text, Instant at) {
    return tx.update(
            "UPDATE memory_facts SET text = ?, updated_at = ? WHERE thread_id = ? AND id = ?",
            text,
            at,
            thread,
            id)
        > 0;
  }

  boolean delete(Tx tx, ThreadId thread, String id) {
    index.remove(tx, thread, List.of(id));
    return tx.update("DELETE FROM memory_facts WHERE thread_id = ? AND id = ?", thread, id) > 0;
  }

  private static Fact read(Row row) throws SQLException {
    return new Fact(
        row.text("thread_id", ThreadId::new),
        row.text("id"),
        row.text("project_id", ProjectId::new),
        row.text("kind"),
        row.text("text"),
        row.json("message_ids", STRINGS),
        row.instant("created_at"),
        row.instant("updated_at"),
        row.text("superseded_by"));
  }
}
