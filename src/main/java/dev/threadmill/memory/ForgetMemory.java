package dev.threadmill.memory;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.List;

/**
 * Deletes memories on request. The messages stay in their threads and are not indexed again;
 * summaries that cover them are made again without them.
 */
@ApplicationScoped
class ForgetMemory {
  private final Jdbc jdbc;
  private final FactStore facts;

  ForgetMemory(Jdbc jdbc, FactStore facts) {
    this.jdbc = jdbc;
    this.facts = facts;
  }

  boolean fact(ThreadId thread, String id) {
    return jdbc.inTransaction(tx -> facts.delete(tx, thread, id));
  }

  /** Returns false if the thread has no such message. */
  boolean message(ThreadId thread, String id) {
    return jdbc.inTransaction(
        tx -> {
          int marked =
              tx.update(
                  """
                  INSERT INTO memory_forgotten (thread_id, message_id, project_id)
                  SELECT thread_id, id, project_id FROM messages WHERE thread_id = ? AND id = ?
                  ON CONFLICT (thread_id, message_id) DO UPDATE SET project_id = excluded.project_id
                  """,
                  thread,
                  id);
          if (marked > 0) {
            tx.update(
                """
                WITH deleted AS (
                  DELETE FROM memory_facts WHERE thread_id = ? AND message_ids @> ARRAY[?::text]
                  RETURNING id)
                DELETE FROM memory_index
                WHERE thread_id = ? AND (source_id = ? OR source_id IN (SELECT id FROM deleted))
                """,
                thread,
                id,
                thread,
                id);
            tx.update(
                """
                INSERT INTO memory_summary_queue (thread_id, project_id, method, model, anew, due)
                SELECT s.thread_id, s.project_id, s.method,
                  coalesce((SELECT r.model FROM runs r WHERE r.thread_id = s.thread_id
                            ORDER BY r.created_at DESC LIMIT 1), 'rehearsal'), true, '-infinity'
                FROM memory_summaries s
                JOIN messages m ON m.thread_id = s.thread_id AND m.created_at <= s.covers_to
                WHERE s.thread_id = ? AND m.id = ? ORDER BY s.version DESC LIMIT 1
                ON CONFLICT (thread_id) DO UPDATE
                SET anew = true, noted = memory_summary_queue.noted + 1
                """,
                thread,
                id);
          }
          return marked > 0;
        });
  }

  /** Deletes the memory of a thread. */
  void thread(ThreadId thread) {
    jdbc.runInTransaction(tx -> forget(tx, List.of(thread)));
  }

  /**
   * Deletes the memory of all threads of a user.
   *
   * @return the number of threads
   */
  int user(ProjectId project, String user) {
    return jdbc.inTransaction(
        tx -> {
          var threads =
              tx.list(
                  """
                  SELECT id FROM threads
                  WHERE project_id = ? AND metadata @> jsonb_build_object('user', ?::text)
                  """,
                  row -> row.text("id", ThreadId::new),
                  project,
                  user);
          forget(tx, threads);
          return threads.size();
        });
  }

  private static void forget(Tx tx, List<ThreadId> threads) {
    for (var table :
        List.of(
            "memory_index",
            "memory_facts",
            "memory_summaries",
            "memory_summary_queue",
            "memory_queue")) {
      tx.update("DELETE FROM " + table + " WHERE thread_id = ANY (?)", threads);
    }
    tx.update(
        """
        INSERT INTO memory_forgotten (thread_id, message_id, project_id)
        SELECT thread_id, id, project_id FROM messages WHERE thread_id = ANY (?)
        ON CONFLICT DO NOTHING
        """,
        threads);
  }
}
