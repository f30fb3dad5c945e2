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
import java.util.List;

/** The messages that wait to be indexed. */
@ApplicationScoped
public class IndexQueue {
  /** A node that has not finished its work by then has died, or sleeps. */
  static final Duration LEASE = Duration.ofSeconds(60);

  private final Jdbc jdbc;
  private final InstantSource clock;

  public IndexQueue(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  /**
   * A message taken from the queue, with what the index needs of it and of its thread.
   *
   * @param saidAt when it says that it was said; null if it does not say so
   * @param text empty if it has none, or if the memory was made to forget it
   * @param assistantId of the thread, else of the message; null if neither has one
   * @param userId null if the thread names none
   * @param attempts how often it was taken before
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

  /** Takes what is due, oldest message of a thread first; nobody else gets it for a while. */
  List<QueuedMessage> claim(int limit) {
    return claim("due <= ?", List.of(clock.instant()), limit);
  }

  /** Takes what waits in one thread, also what was put off, but nothing that is being worked on. */
  List<QueuedMessage> claimOfThread(ThreadId thread, int limit) {
    return claim("due <= ? AND thread_id = ?", List.of(clock.instant(), thread), limit);
  }

  private List<QueuedMessage> claim(String condition, List<Object> params, int limit) {
    var all = new ArrayList<Object>(params);
    all.add(limit);
    all.add(clock.instant().plus(LEASE));
    return jdbc.inTransaction(
        tx ->
            tx.list(
                """
                WITH picked AS (
                  SELECT thread_id, message_id FROM memory_queue WHERE %s
                  ORDER BY due, thread_id, message_id LIMIT ? FOR UPDATE SKIP LOCKED
                ), taken AS (
                  UPDATE memory_queue q SET due = ?, attempts = q.attempts + 1, failed = false
                  FROM picked p
                  WHERE q.thread_id = p.thread_id AND q.message_id = p.message_id
                  RETURNING q.thread_id, q.message_id, q.project_id, q.attempts
                )
                SELECT q.project_id, q.thread_id, q.message_id, q.attempts - 1 AS attempts,
                  m.created_at, m.metadata, m.role = 'assistant' AS by_assistant,
                  CASE WHEN f.message_id IS NULL THEN message_text(m.content) END AS text,
                  coalesce(t.assistant_id, m.assistant_id) AS assistant_id,
                  t.metadata ->> 'user' AS user_id
                FROM taken q
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

  /** Takes messages off the queue, in the transaction that writes their index. */
  void complete(Tx tx, List<QueuedMessage> messages) {
    tx.batch(
        "DELETE FROM memory_queue WHERE thread_id = ? AND message_id = ?",
        messages.stream().map(m -> new Object[] {m.thread(), m.message()}).toList());
  }

  /** Puts messages off until a later time, because the model failed or there was no time. */
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

  /** Whether nobody works on a thread's messages: they were all put off. */
  boolean allFailed(ThreadId thread) {
    return jdbc.one(
            "SELECT bool_and(failed) AS failed FROM memory_queue WHERE thread_id = ?",
            row -> Boolean.TRUE.equals(row.bool("failed")),
            thread)
        .orElse(false);
  }

  /** How many messages of a thread wait. */
  int pending(ThreadId thread) {
    return jdbc.one(
            "SELECT count(*) AS waiting FROM memory_queue WHERE thread_id = ?",
            row -> row.integer("waiting"),
            thread)
        .orElseThrow();
  }
}
