package dev.threadmill.runs;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.MessageStore;
import dev.threadmill.threads.NewMessage;
import dev.threadmill.threads.ThreadStore;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;
import java.util.Optional;

/**
 * Runs that wait for another one on their thread. When the thread is free the oldest joins the
 * queue and its messages join the thread, in one transaction.
 */
@ApplicationScoped
public class WaitingRuns {
  static final int MOST_A_THREAD = 100;
  private static final int MOST_AT_ONCE = 100;
  private static final TypeReference<List<NewMessage>> MESSAGES = new TypeReference<>() {};

  private final Jdbc jdbc;
  private final ThreadStore threads;
  private final MessageStore messages;

  WaitingRuns(Jdbc jdbc, ThreadStore threads, MessageStore messages) {
    this.jdbc = jdbc;
    this.threads = threads;
    this.messages = messages;
  }

  /**
   * Answers 400 if too many runs wait on this thread already.
   *
   * @throws ApiException as said
   */
  void requireRoom(Tx tx, ThreadId thread) {
    int waiting =
        tx.one(
                "SELECT count(*)::int AS n FROM runs WHERE thread_id = ? AND waiting",
                row -> row.integer("n"),
                thread)
            .orElseThrow();
    if (waiting >= MOST_A_THREAD) {
      throw ApiException.invalidState(
          "Thread %s has %d runs waiting already.".formatted(thread, waiting));
    }
  }

  private record Waiting(ProjectId project, ThreadId thread) {}

  /** Lets runs go on whose thread has become free. True if others still wait. */
  public boolean promote() {
    var free =
        jdbc.list(
            """
            SELECT DISTINCT w.project_id, w.thread_id FROM runs w
            WHERE w.waiting AND w.status = 'queued' AND NOT EXISTS (
              SELECT 1 FROM runs a WHERE a.thread_id = w.thread_id AND NOT a.waiting
                AND a.status IN ('queued', 'in_progress', 'requires_action', 'cancelling'))
            LIMIT ?
            """,
            row ->
                new Waiting(
                    row.text("project_id", ProjectId::new), row.text("thread_id", ThreadId::new)),
            MOST_AT_ONCE);
    free.forEach(thread -> promote(thread.project(), thread.thread()));
    return jdbc.one("SELECT 1 FROM runs WHERE waiting LIMIT 1", _ -> true).isPresent();
  }

  /** Lets the oldest waiting run of this thread go on, if the thread is free. */
  private void promote(ProjectId project, ThreadId thread) {
    jdbc.runInTransaction(
        tx -> {
          if (threads.lock(tx, project, thread, 0).activeRun() == null) {
            oldest(tx, thread).ifPresent(next -> promote(tx, project, thread, next));
          }
        });
  }

  private void promote(Tx tx, ProjectId project, ThreadId thread, Next next) {
    var room = threads.lock(tx, project, thread, next.messages().size());
    messages.append(tx, room, next.messages());
    tx.update(
        """
        UPDATE runs SET waiting = false, waiting_messages = NULL
        WHERE thread_id = ? AND id = ?
        """,
        thread,
        next.run());
  }

  private record Next(RunId run, List<NewMessage> messages) {}

  private static Optional<Next> oldest(Tx tx, ThreadId thread) {
    return tx.one(
        """
        SELECT id, waiting_messages FROM runs
        WHERE thread_id = ? AND waiting AND status = 'queued'
        ORDER BY created_at, id LIMIT 1 FOR NO KEY UPDATE
        """,
        row -> new Next(row.text("id", RunId::new), row.json("waiting_messages", MESSAGES)),
        thread);
  }
}
