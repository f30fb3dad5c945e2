package dev.threadmill.memory;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.memory.text.OriginalTimestamp;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The queue of messages that wait to be indexed, in the table that triggers fill. */
@ApplicationScoped
public class IndexQueue {
  /** A claim expires after this time: the node that made it has crashed or is paused. */
  static final Duration LEASE = Duration.ofSeconds(60);

  /** From this number of messages on a thread may fill the windows of models. */
  private static final int LONG_THREAD = 100;

  private static final String IS_OURS = "thread_id = ? AND message_id = ? AND due = ?";

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
   * @param readerId the same, else the assistant of the last run; null if there is none
   * @param userId null if the thread has none
   * @param isLong whether the thread has {@value #LONG_THREAD} messages or more
   * @param wantsVector whether its vector was asked for
   * @param attempts how often the message was claimed before
   * @param lease the end of this claim, which is the fence of later writes to the queue
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
      String readerId,
      String userId,
      boolean isLong,
      boolean wantsVector,
      int attempts,
      Instant lease) {}

  /** Claims messages that are due, the longest due first. */
  List<QueuedMessage> claim(int limit) {
    return claim("due <= ?", List.of(clock.instant()), limit);
  }

  /** Claims messages of a thread that are due or deferred. */
  List<QueuedMessage> claimOfThread(ThreadId thread, int limit) {
    return claim(
        "(due <= ? OR due = 'infinity') AND thread_id = ?",
        List.of(clock.instant(), thread),
        limit);
  }

  /** Claims messages whose vectors are deferred. */
  List<QueuedMessage> claimDeferred(int limit) {
    return claim("wants_vector AND due = 'infinity'", List.of(), limit);
  }

  private List<QueuedMessage> claim(String condition, List<Object> params, int limit) {
    var lease = clock.instant().plus(LEASE).truncatedTo(ChronoUnit.MICROS);
    var all = new ArrayList<Object>(params);
    all.add(limit);
    all.add(lease);
    all.add(LONG_THREAD - 1);
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
                  RETURNING q.thread_id, q.message_id, q.project_id, q.attempts, q.wants_vector
                ), long AS MATERIALIZED (
                  SELECT c.thread_id FROM (SELECT DISTINCT thread_id FROM claimed) c
                  WHERE EXISTS (
                    SELECT 1 FROM messages o WHERE o.thread_id = c.thread_id OFFSET ? LIMIT 1)
                )
                SELECT q.project_id, q.thread_id, q.message_id, q.attempts - 1 AS attempts,
                  m.created_at, m.metadata, m.role = 'assistant' AS by_assistant,
                  CASE WHEN f.message_id IS NULL THEN message_text(m.content) END AS text,
                  coalesce(t.assistant_id, m.assistant_id) AS assistant_id,
                  coalesce(t.assistant_id, m.assistant_id, (
                    SELECT r.assistant_id FROM runs r WHERE r.thread_id = q.thread_id
                    ORDER BY r.created_at DESC, r.id DESC LIMIT 1)) AS reader_id,
                  t.metadata ->> 'user' AS user_id,
                  q.thread_id IN (SELECT l.thread_id FROM long l) AS is_long, q.wants_vector
                FROM claimed q
                JOIN messages m ON m.thread_id = q.thread_id AND m.id = q.message_id
                JOIN threads t ON t.id = q.thread_id
                LEFT JOIN memory_forgotten f
                  ON f.thread_id = q.thread_id AND f.message_id = q.message_id
                ORDER BY m.thread_id, m.created_at, m.id
                """
                    .formatted(condition),
                row -> queued(row, lease),
                all.toArray()));
  }

  private static QueuedMessage queued(Row row, Instant lease) throws SQLException {
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
        row.text("reader_id"),
        row.text("user_id"),
        row.bool("is_long"),
        row.bool("wants_vector"),
        row.integer("attempts"),
        lease);
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

  /**
   * Removes messages from the queue, in the transaction that writes them to the index. One that was
   * changed or claimed again meanwhile stays.
   */
  void complete(Tx tx, List<QueuedMessage> messages) {
    tx.batch(
        "DELETE FROM memory_queue WHERE " + IS_OURS,
        messages.stream().map(m -> new Object[] {m.thread(), m.message(), m.lease()}).toList());
  }

  /** Defers the vectors of messages whose words are indexed, until something asks for them. */
  void defer(Tx tx, List<QueuedMessage> messages) {
    tx.batch(
        """
        UPDATE memory_queue SET due = 'infinity', wants_vector = true, failed = false, attempts = 0,
          assistant_id = ?, user_id = ?
        WHERE\s"""
            + IS_OURS,
        messages.stream()
            .map(m -> new Object[] {m.readerId(), m.userId(), m.thread(), m.message(), m.lease()})
            .toList());
  }

  /** Sets messages aside that are not indexed, until something asks for their thread. */
  void setAside(List<QueuedMessage> messages) {
    jdbc.runInTransaction(
        tx ->
            tx.batch(
                """
                UPDATE memory_queue SET due = 'infinity', wants_vector = false, failed = false, attempts = 0
                WHERE\s"""
                    + IS_OURS,
                messages.stream()
                    .map(m -> new Object[] {m.thread(), m.message(), m.lease()})
                    .toList()));
  }

  /** Makes the deferred messages of a scope due. Returns how many. */
  int request(MemoryScope scope) {
    return switch (scope) {
      case MemoryScope.OfThread(_, var thread) -> request("thread_id = ?", thread);
      case MemoryScope.OfAssistant(var project, var assistant) ->
          request("wants_vector AND project_id = ? AND assistant_id = ?", project, assistant);
      case MemoryScope.OfUser(var project, var user) ->
          request("wants_vector AND project_id = ? AND user_id = ?", project, user);
    };
  }

  private int request(String condition, Object... params) {
    var all = new ArrayList<Object>();
    all.add(clock.instant());
    all.addAll(List.of(params));
    return jdbc.update(
        "UPDATE memory_queue SET due = ?, wants_vector = true WHERE due = 'infinity' AND "
            + condition,
        all.toArray());
  }

  /**
   * Postpones messages.
   *
   * @param delay zero if they were not tried for lack of time, else they count as failed
   */
  void postpone(Tx tx, List<QueuedMessage> messages, Duration delay) {
    tx.batch(
        "UPDATE memory_queue SET due = ?, failed = ?, wants_vector = true WHERE " + IS_OURS,
        messages.stream()
            .map(
                m ->
                    new Object[] {
                      clock.instant().plus(delay),
                      !delay.isZero(),
                      m.thread(),
                      m.message(),
                      m.lease()
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
