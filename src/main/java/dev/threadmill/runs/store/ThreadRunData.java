package dev.threadmill.runs.store;

import dev.threadmill.api.ThreadId;
import dev.threadmill.db.Tx;
import dev.threadmill.threads.ThreadLifecycle;
import jakarta.enterprise.context.ApplicationScoped;

/** Runs, their steps and tool calls follow a thread that is deleted or forked. */
@ApplicationScoped
class ThreadRunData implements ThreadLifecycle {
  @Override
  public void deleteThread(Tx tx, ThreadId thread) {
    tx.defer("DELETE FROM run_journal WHERE thread_id = ?", thread);
    tx.defer("DELETE FROM tool_calls WHERE thread_id = ?", thread);
    tx.defer("DELETE FROM run_steps WHERE thread_id = ?", thread);
    tx.defer("DELETE FROM runs WHERE thread_id = ?", thread);
  }

  /**
   * Copies the completed tool calls between the messages, so that a model is sent the same history.
   * Runs and their usage stay with the source.
   */
  @Override
  public void copyRange(Tx tx, ForkRange range) {
    tx.defer(
        """
        INSERT INTO run_steps (thread_id, id, project_id, run_id, assistant_id, ordinal, created_at,
          type, status, ended_at, last_error, message_id, aside)
        SELECT ?, s.id, s.project_id, s.run_id, s.assistant_id, s.ordinal, s.created_at,
          s.type, s.status, s.ended_at, s.last_error, s.message_id,
          nullif(jsonb_strip_nulls(jsonb_build_object(
            'commentary', CASE WHEN lower(r.turns ->> 'visibility') IS DISTINCT FROM 'final'
              THEN s.aside -> 'commentary' END,
            'thoughts', s.aside -> 'thoughts' #- '{text}')), '{}')
        FROM run_steps s
        LEFT JOIN runs r ON r.thread_id = s.thread_id AND r.id = s.run_id
        WHERE s.thread_id = ? AND s.type = 'tool_calls' AND s.status = 'completed'
          AND s.created_at > ? AND s.created_at <= ?
        """,
        range.copy(),
        range.source(),
        range.after(),
        range.until());
    tx.defer(
        """
        INSERT INTO tool_calls (thread_id, id, project_id, run_id, step_id, ordinal, type, name,
          arguments, output, executor, routing, result_parts)
        SELECT s.thread_id, c.id, c.project_id, c.run_id, c.step_id, c.ordinal, c.type, c.name,
          c.arguments, c.output, c.executor, c.routing,
          CASE WHEN c.type IN %s THEN c.result_parts END
        FROM run_steps s
        JOIN tool_calls c ON c.thread_id = ? AND c.step_id = s.id
        WHERE s.thread_id = ? AND s.type = 'tool_calls' AND s.created_at > ? AND s.created_at <= ?
        """
            .formatted(CallType.sqlOfForkedResults()),
        range.source(),
        range.copy(),
        range.after(),
        range.until());
  }
}
