package dev.threadmill.runs.store;

import dev.threadmill.api.ProjectId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Money;
import jakarta.enterprise.context.ApplicationScoped;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/** Writes the steps of runs and the tool calls in them, within a transaction that locks the run. */
@ApplicationScoped
public class StepWriter {
  /**
   * Inserts a step and its calls, whether or not it has ended.
   *
   * @param sent the prompt of the model call that it comes from; null if that is not known any more
   */
  public void insert(Tx tx, Run run, Step step, SentContext sent) {
    insert(tx, run.projectId(), step, sent);
  }

  /** As {@link #insert(Tx, Run, Step, SentContext)}, of a run that need not exist. */
  public void insert(Tx tx, ProjectId project, Step step, SentContext sent) {
    var usage = step.usage();
    tx.defer(
        """
        INSERT INTO run_steps (thread_id, id, project_id, run_id, assistant_id, ordinal, created_at,
          type, status, ended_at, last_error, message_id, prompt_tokens, completion_tokens,
          reasoning_tokens, cached_tokens, cost_nanos, context, aside, warnings)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        step.threadId(),
        step.id(),
        project,
        step.runId(),
        step.assistantId(),
        step.ordinal(),
        step.createdAt(),
        step.type(),
        step.status(),
        step.endedAt(),
        Tx.json(step.lastError()),
        step.messageId(),
        usage == null ? null : usage.capped().promptTokens(),
        usage == null ? null : usage.capped().completionTokens(),
        usage == null ? null : usage.capped().reasoningTokens(),
        usage == null ? null : usage.capped().cachedTokens(),
        usage == null ? null : Money.nanos(usage.cost()),
        Tx.json(sent),
        Tx.json(step.reasoning().nullIfEmpty()),
        step.warnings().isEmpty() ? null : Tx.json(step.warnings()));
    insertCalls(tx, project, step);
  }

  private static void insertCalls(Tx tx, ProjectId project, Step step) {
    var calls = new ArrayList<Object[]>();
    for (var call : step.calls()) {
      calls.add(
          new Object[] {
            step.threadId(),
            call.id(),
            project,
            step.runId(),
            step.id(),
            calls.size(),
            call.type(),
            call.name(),
            call.arguments(),
            call.output(),
            call.executor().stored(),
            Tx.json(call.routing())
          });
    }
    tx.deferBatch(
        """
        INSERT INTO tool_calls (thread_id, id, project_id, run_id, step_id, ordinal, type, name,
          arguments, output, executor, routing)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        calls);
  }

  /** Stores the outputs of calls that are open so far, and the partial outputs of the others. */
  public void setOutputs(Tx tx, Step step) {
    tx.deferBatch(
        "UPDATE tool_calls SET output = ?, result_parts = ?"
            + " WHERE thread_id = ? AND id = ? AND output IS NULL",
        step.calls().stream()
            .filter(call -> !call.isOpen())
            .map(
                call ->
                    new Object[] {call.output(), Tx.json(call.parts()), step.threadId(), call.id()})
            .toList());
    // The journal, which contains the partial outputs as well, is deleted in this transaction.
    tx.deferBatch(
        "UPDATE tool_calls SET partial = ?, progress = ?, remote_task = nullif(?, '')"
            + " WHERE thread_id = ? AND id = ?",
        step.calls().stream()
            .filter(call -> !call.partial().equals(ToolCall.Partial.NONE))
            .map(
                call ->
                    new Object[] {
                      call.isOpen() ? call.partial().output() : null,
                      call.partial().progress(),
                      call.partial().task(),
                      step.threadId(),
                      call.id()
                    })
            .toList());
  }

  /** Stores the partial outputs of calls that only the journal contains. */
  public void setPartialOutputs(Tx tx, Run run, List<RunEvent> uncommitted) {
    for (var event : uncommitted) {
      if (event instanceof RunEvent.Delta(var target, _, var text)
          && target.text().partialColumn() != null) {
        tx.update(
            "UPDATE tool_calls SET %1$s = coalesce(%1$s, '') || ?"
                    .formatted(target.text().partialColumn())
                + " WHERE thread_id = ? AND ordinal = ? AND output IS NULL AND step_id ="
                + " (SELECT id FROM run_steps WHERE thread_id = ? AND run_id = ? AND ordinal = ?)",
            text,
            run.threadId(),
            target.call(),
            run.threadId(),
            run.id(),
            target.step());
      }
    }
  }

  /** Stores the executors of the open calls of a step. */
  public void setExecutors(Tx tx, Step step) {
    tx.deferBatch(
        "UPDATE tool_calls SET executor = ? WHERE thread_id = ? AND id = ? AND output IS NULL",
        step.openCalls().stream()
            .map(call -> new Object[] {call.executor().stored(), step.threadId(), call.id()})
            .toList());
  }

  /** Ends all open steps and calls of a run without reading them. */
  public void failAll(Tx tx, Run run, RunError error, Instant at, String output) {
    tx.defer(
        "UPDATE tool_calls SET output = ? WHERE thread_id = ? AND run_id = ? AND output IS NULL",
        output,
        run.threadId(),
        run.id());
    tx.defer(
        """
        UPDATE run_steps SET status = 'failed', ended_at = ?, last_error = ?
        WHERE thread_id = ? AND run_id = ? AND status = 'in_progress'
        """,
        at,
        Tx.json(error),
        run.threadId(),
        run.id());
  }

  /**
   * Stores the output of a call whose run has ended without it, or that no run has made, and
   * completes the step if it was the last one.
   */
  public void setLateOutput(Tx tx, ThreadId thread, ToolCallId call, String output, Instant at) {
    tx.update(
        "UPDATE tool_calls SET output = ? WHERE thread_id = ? AND id = ?", output, thread, call);
    tx.update(
        """
        UPDATE run_steps s SET status = 'completed', ended_at = ?, last_error = NULL
        WHERE s.thread_id = ? AND s.status <> 'completed'
          AND s.id = (SELECT c.step_id FROM tool_calls c WHERE c.thread_id = ? AND c.id = ?)
          AND NOT EXISTS (SELECT 1 FROM tool_calls o
            WHERE o.thread_id = s.thread_id AND o.step_id = s.id AND o.output IS NULL)
        """,
        at,
        thread,
        thread,
        call);
  }

  /** Deletes the reasoning of a step that clients may see. */
  public boolean deleteReasoning(Tx tx, ThreadId thread, StepId step) {
    return tx.update(
            """
            UPDATE run_steps SET aside = aside - 'reasoning' - 'effort'
            WHERE thread_id = ? AND id = ? AND aside ->> 'reasoning' IS NOT NULL
            """,
            thread,
            step)
        > 0;
  }

  /** Deletes a call with its output, and its step if that has no other one. */
  public boolean deleteCall(Tx tx, ThreadId thread, ToolCallId call) {
    var step =
        tx.updateReturningOne(
            "DELETE FROM tool_calls WHERE thread_id = ? AND id = ? RETURNING step_id",
            row -> row.text("step_id"),
            thread,
            call);
    step.ifPresent(
        id ->
            tx.update(
                """
                DELETE FROM run_steps s WHERE s.thread_id = ? AND s.id = ?
                  AND NOT EXISTS (SELECT 1 FROM runs r
                    WHERE r.thread_id = s.thread_id AND r.id = s.run_id)
                  AND NOT EXISTS (SELECT 1 FROM tool_calls c
                    WHERE c.thread_id = s.thread_id AND c.step_id = s.id)
                """,
                thread,
                id));
    return step.isPresent();
  }

  /** Stores how a step ended. */
  public void setEnd(Tx tx, Step step) {
    tx.defer(
        """
        UPDATE run_steps SET status = ?, ended_at = ?, last_error = ?
        WHERE thread_id = ? AND id = ? AND status = 'in_progress'
        """,
        step.status(),
        step.endedAt(),
        Tx.json(step.lastError()),
        step.threadId(),
        step.id());
  }
}
