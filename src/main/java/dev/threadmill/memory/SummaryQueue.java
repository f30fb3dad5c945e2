package dev.threadmill.memory;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;

/** The queue of threads that wait to be summarized. */
@ApplicationScoped
class SummaryQueue {
  /** A claim expires after this time, which is longer than any model call takes. */
  static final Duration LEASE = Duration.ofMinutes(5);

  private final Jdbc jdbc;
  private final InstantSource clock;

  SummaryQueue(Jdbc jdbc, InstantSource clock) {
    this.jdbc = jdbc;
    this.clock = clock;
  }

  /**
   * A claimed thread.
   *
   * @param windowFrom messages before this time have left the window; null if none has
   * @param rebuild whether the summary is made from the messages alone, not from the one before
   * @param revision the number of times that the thread was queued until the claim
   */
  record Task(
      ThreadId thread,
      ProjectId project,
      String assistantId,
      String userId,
      String method,
      String model,
      Instant windowFrom,
      boolean rebuild,
      long revision,
      int attempts) {}

  /** Queues a thread in the transaction that ends a run. */
  void enqueue(
      Tx tx,
      ThreadId thread,
      ProjectId project,
      String assistantId,
      String method,
      String model,
      Instant windowFrom,
      Duration delay) {
    tx.update(
        """
        INSERT INTO memory_summary_queue AS q
          (thread_id, project_id, assistant_id, method, model, window_from, due)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (thread_id) DO UPDATE SET assistant_id = excluded.assistant_id,
          method = excluded.method, model = excluded.model,
          window_from = coalesce(excluded.window_from, q.window_from), noted = q.noted + 1
        """,
        thread,
        project,
        assistantId,
        method,
        model,
        windowFrom,
        clock.instant().plus(delay));
  }

  /** Claims the thread that has been due longest. */
  Optional<Task> claim() {
    return jdbc.inTransaction(
        tx ->
            tx.updateReturningOne(
                """
                UPDATE memory_summary_queue q SET due = ?, attempts = q.attempts + 1
                FROM (SELECT thread_id FROM memory_summary_queue WHERE due <= ?
                      ORDER BY due LIMIT 1 FOR UPDATE SKIP LOCKED) p, threads t
                WHERE q.thread_id = p.thread_id AND t.id = q.thread_id
                RETURNING q.thread_id, q.project_id, q.assistant_id,
                  t.metadata ->> 'user' AS user_id, q.method, q.model, q.window_from, q.anew,
                  q.noted, q.attempts - 1 AS attempts
                """,
                row ->
                    new Task(
                        row.text("thread_id", ThreadId::new),
                        row.text("project_id", ProjectId::new),
                        row.text("assistant_id"),
                        row.text("user_id"),
                        row.text("method"),
                        row.text("model"),
                        row.instant("window_from"),
                        row.bool("anew"),
                        row.bigint("noted"),
                        row.integer("attempts")),
                clock.instant().plus(LEASE),
                clock.instant()));
  }

  /** Removes a thread; if it was queued again meanwhile, it becomes due at once. */
  void complete(Tx tx, Task work) {
    int deleted =
        tx.update(
            "DELETE FROM memory_summary_queue WHERE thread_id = ? AND noted = ?",
            work.thread(),
            work.revision());
    if (deleted == 0) {
      tx.update(
          "UPDATE memory_summary_queue SET due = ?, attempts = 0 WHERE thread_id = ?",
          clock.instant(),
          work.thread());
    }
  }

  /** Makes a thread due at once, for the next part of it. */
  void requeue(Tx tx, Task work) {
    tx.update(
        """
        UPDATE memory_summary_queue SET due = ?, attempts = 0, anew = false WHERE thread_id = ?
        """,
        clock.instant(),
        work.thread());
  }

  void postpone(Task work, Duration delay) {
    jdbc.update(
        "UPDATE memory_summary_queue SET due = ? WHERE thread_id = ?",
        clock.instant().plus(delay),
        work.thread());
  }
}
