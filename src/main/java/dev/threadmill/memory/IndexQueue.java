package dev.threadmill.memory;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.text.OriginalTimestamp;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The queue of messages that wait to be indexed, in the table that triggers fill. */
@ApplicationScoped
public class IndexQueue {
  /** A claim expires after this time: the node that made it has crashed or is paused. */
  static final Duration LEASE = Duration.ofSeconds(60);

  private final Jdbc jdbc;
  private final InstantSource clock;

  public IndexQueue(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  /**
   * A claimed message, with what the index needs of it and of its thread.
   *
   * @param originalTime when the message was written, by its own account; null if it does not say
   * @param text empty if the message has none or was forgotten
   * @param assistantId of the thread, else of the message; null if neither has one
   * @param userId null if the thread has none
   * @param attempts how often the message was claimed before
   */
  record QueuedMessage(
      ProjectId project,
      ThreadId thread,
      MessageId message,
      Instant createdAt,
      Instant originalTime,
      boolean byAssistant,
      String text,
      String assistantId,
      String userId,
      int attempts) {}

  /** Claims messages that are due, the longest due first. */
  List<QueuedMessage> claim(int limit) {
    return claim("due <= ?", List.of(clock.instant()), limit);
  }

  /** Claims messages of a thread that are due. */
  List<QueuedMessage> claimOfThread(ThreadId thread, int limit) {
    return claim("due <= ? AND thread_id = ?", List.of(clock.instant(), thread), limit);
  }

  private List<QueuedMessage> claim(String condition, List<Object> params, int limit) {
    var all = new ArrayList<Object>(params);
    all.add(limit);
    all.add(clock.instant().plus(LEASE));
    return jdbc.inTransaction(
        tx ->
            tx.updateReturning(
                """
                WITH candidates AS (
                  SELECT thread_id, message_id FROM memory_queue WHERE %s
                  ORDER BY due, thread_id, message_id LIMIT ? FOR UPDATE SKIP LOCKED
                ), claimed AS (
                  UPDATE memory_queue q SET due = ?, attempts = q.attempts + 1, failed = false
                  FROM candidates p
                  WHERE q.thread_id = p.thread_id AND q.message_id = p.message_id
                  RETURNING q.thread_id, q.message_id, q.project_id, q.attempts
                )
                SELECT q.project_id, q.thread_id, q.message_id, q.attempts - 1 AS attempts,
                  m.created_at, m.metadata, m.role = 'assistant' AS by_assistant,
                  CASE WHEN f.message_id IS NULL THEN message_text(m.content) END AS text,
                  coalesce(t.assistant_id, m.assistant_id) AS assistant_id,
                  t.metadata ->> 'user' AS user_id
                FROM claimed q
                JOIN messages m ON m.thread_id = q.thread_id AND m.id = q.message_id
                JOIN threads t ON t.id = q.thread_id
                LEFT JOIN memory_forgotten f
                  ON f.thread_id = q.thread_id AND f.message_id = q.message_id
                ORDER BY m.thread_id, m.created_at, m.id
                """
                    .formatted(condition),
                IndexQueue::pending,
                all.toArray()));
  }

  private static QueuedMessage pending(Row row) throws SQLException {
    var text = row.text("text") == null ? "" : row.text("text");
    return new QueuedMessage(
        row.text("project_id", ProjectId::new),
        row.text("thread_id", ThreadId::new),
        row.text("message_id", MessageId::new),
        row.instant("created_at"),
        OriginalTimestamp.of(row.json("metadata", JsonNode.class), text).orElse(null),
        row.bool("by_assistant"),
        text,
        row.text("assistant_id"),
        row.text("user_id"),
        row.integer("attempts"));
  }

  /**
   * Locks the messages that exist against deletion until the commit. A message that is just being
   * deleted is waited for.
   *
   * @return the ids of the messages that exist
   */
  Set<String> lockExisting(Tx tx, List<QueuedMessage> messages) {
    return new HashSet<>(
        tx.list(
            """
            SELECT m.id FROM unnest(?::text[], ?::text[]) AS q (thread_id, id)
            JOIN messages m ON m.thread_id = q.thread_id AND m.id = q.id
            ORDER BY m.thread_id, m.id FOR KEY SHARE OF m
            """,
            row -> row.text("id"),
            messages.stream().map(QueuedMessage::thread).toList(),
            messages.stream().map(QueuedMessage::message).toList()));
  }

  /** Removes messages from the queue, in the transaction that writes them to the index. */
  void complete(Tx tx, List<QueuedMessage> messages) {
    tx.batch(
        "DELETE FROM memory_queue WHERE thread_id = ? AND message_id = ?",
        messages.stream().map(m -> new Object[] {m.thread(), m.message()}).toList());
  }

  /**
   * Postpones messages.
   *
   * @param delay zero if they were not tried for lack of time, else they count as failed
   */
  void postpone(Tx tx, List<QueuedMessage> messages, Duration delay) {
    tx.batch(
        "UPDATE memory_queue SET due = ?, failed = ? WHERE thread_id = ? AND message_id = ?",
        messages.stream()
            .map(
                m ->
                    new Object[] {
                      clock.instant().plus(delay), !delay.isZero(), m.thread(), m.message()
                    })
            .toList());
  }

  /** Whether all queued messages of a thread are postponed after a failure. */
  boolean allFailed(ThreadId thread) {
    return jdbc.one(
            "SELECT bool_and(failed) AS failed FROM memory_queue WHERE thread_id = ?",
            row -> Boolean.TRUE.equals(row.bool("failed")),
            thread)
        .orElse(false);
  }

  /** The number of queued messages of a thread. */
  int pending(ThreadId thread) {
    return jdbc.one(
            "SELECT count(*) AS pending FROM memory_queue WHERE thread_id = ?",
            row -> row.integer("pending"),
            thread)
        .orElseThrow();
  }
}
