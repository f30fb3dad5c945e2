package dev.threadmill.memory;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.memory.EmbeddingNeed.Reader;
import dev.threadmill.memory.recall.MemoryScope;
import dev.threadmill.memory.text.OriginalTimestamp;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
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

  /** The most rows that are changed for a request at once. */
  static final int MAX_REQUESTED = 1_000;

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
   * @param assistantId of the thread, else of the message, else the one that a later message of the
   *     thread was found to be by; null if there is none
   * @param namesAssistant whether the assistant is that of the thread or of the message
   * @param readerId the assistant of the thread, else of the message, else of the last run; null if
   *     there is none
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
      boolean namesAssistant,
      String readerId,
      String userId,
      boolean isLong,
      boolean wantsVector,
      int attempts,
      Instant lease) {}

  /** The age of the message that is due for the longest time; 0 if none is. */
  double lagSeconds() {
    return jdbc.one(
            """
            SELECT extract(epoch FROM clock_timestamp() - m.created_at)::float8 AS age
            FROM (SELECT thread_id, message_id FROM memory_queue WHERE due <= ?
                  ORDER BY due LIMIT 1) q
            JOIN messages m ON m.thread_id = q.thread_id AND m.id = q.message_id
            """,
            row -> row.float8("age"),
            clock.instant())
        .map(age -> Math.max(0, age))
        .orElse(0.0);
  }

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
                  RETURNING q.thread_id, q.message_id, q.project_id, q.attempts, q.wants_vector,
                    q.assistant_id
                ), long AS MATERIALIZED (
                  SELECT c.thread_id FROM (SELECT DISTINCT thread_id FROM claimed) c
                  WHERE EXISTS (
                    SELECT 1 FROM messages o WHERE o.thread_id = c.thread_id OFFSET ? LIMIT 1)
                )
                SELECT q.project_id, q.thread_id, q.message_id, q.attempts - 1 AS attempts,
                  m.created_at, m.metadata, m.role = 'assistant' AS by_assistant,
                  CASE WHEN f.message_id IS NULL THEN message_text(m.content) END AS text,
                  coalesce(t.assistant_id, m.assistant_id, q.assistant_id, (
                    SELECT i.assistant_id FROM memory_index i
                    WHERE i.thread_id = q.thread_id AND i.source_id = q.message_id
                    ORDER BY i.part LIMIT 1)) AS assistant_id,
                  coalesce(t.assistant_id, m.assistant_id) IS NOT NULL AS names_assistant,
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
        row.bool("names_assistant"),
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
    putOff(tx, messages, true);
  }

  /** Sets messages aside that are not indexed, until something asks for them. */
  void setAside(Tx tx, List<QueuedMessage> messages) {
    putOff(tx, messages, false);
  }

  private static void putOff(Tx tx, List<QueuedMessage> messages, boolean wantsVector) {
    tx.batch(
        """
        UPDATE memory_queue SET due = 'infinity', wants_vector = ?, failed = false, attempts = 0,
          assistant_id = ?, user_id = ?
        WHERE\s"""
            + IS_OURS,
        messages.stream()
            .map(
                m ->
                    new Object[] {
                      wantsVector, m.assistantId(), m.userId(), m.thread(), m.message(), m.lease()
                    })
            .toList());
  }

  /** Sets the assistant of a thread's messages that wait without one, as the index does. */
  void setAssistant(Tx tx, ThreadId thread, String assistant) {
    tx.update(
        """
        UPDATE memory_queue SET assistant_id = ?
        WHERE thread_id = ? AND due = 'infinity' AND assistant_id IS NULL
        """,
        assistant,
        thread);
  }

  /**
   * Makes the messages due that were put off before anything was known of their reader: all if its
   * memory is wide, else those that were not indexed.
   */
  void requestOf(Collection<Reader> readers) {
    var now = clock.instant();
    jdbc.runInTransaction(
        tx ->
            tx.batch(
                """
                UPDATE memory_queue SET due = ?, wants_vector = wants_vector OR ?
                WHERE thread_id = ? AND assistant_id = ? AND due = 'infinity'
                  AND (? OR NOT wants_vector)
                """,
                readers.stream()
                    .map(r -> new Object[] {now, r.isWide(), r.thread(), r.assistant(), r.isWide()})
                    .toList()));
  }

  /**
   * Makes messages of a scope due that were put off, at most {@value #MAX_REQUESTED}.
   *
   * @param vectors whether all of them get vectors; otherwise those that are not indexed get what
   *     the present settings of their assistant say
   * @return how many; {@value #MAX_REQUESTED} if there may be more
   */
  int request(MemoryScope scope, boolean vectors) {
    return switch (scope) {
      case MemoryScope.OfThread(_, var thread) -> request("thread_id = ?", vectors, thread);
      case MemoryScope.OfAssistant(var project, var assistant) ->
          request("project_id = ? AND assistant_id = ?", vectors, project, assistant);
      case MemoryScope.OfUser(var project, var user) ->
          request("project_id = ? AND user_id = ?", vectors, project, user);
    };
  }

  private int request(String condition, boolean vectors, Object... scope) {
    var all = new ArrayList<Object>(List.of(scope));
    all.add(vectors);
    all.add(MAX_REQUESTED);
    all.add(clock.instant());
    all.add(vectors);
    // Without an order, which would let the primary key be read whole; skipped locks need none.
    return jdbc.update(
        """
        WITH wanted AS (
          SELECT thread_id, message_id FROM memory_queue
          WHERE due = 'infinity' AND %s AND (? OR NOT wants_vector)
          LIMIT ? FOR UPDATE SKIP LOCKED)
        UPDATE memory_queue q SET due = ?, wants_vector = q.wants_vector OR ?
        FROM wanted w WHERE q.thread_id = w.thread_id AND q.message_id = w.message_id
        """
            .formatted(condition),
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
