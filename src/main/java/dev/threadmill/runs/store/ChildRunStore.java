package dev.threadmill.runs.store;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import dev.threadmill.threads.ContentPart;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the runs that a run has created by routing messages to other assistants. */
@ApplicationScoped
public class ChildRunStore {
  private static final TypeReference<List<ContentPart>> CONTENT = new TypeReference<>() {};

  private final Jdbc jdbc;

  public ChildRunStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /**
   * The result of a child run so far.
   *
   * @param answer its last message; empty if it has written none
   */
  public record ChildRun(
      RunStatus status,
      RunError error,
      String incompleteReason,
      Usage usage,
      List<ContentPart> answer) {}

  /** The children of a run, by the id of the call that each of them answers. */
  public Map<String, ChildRun> byCall(Run parent) {
    var children = new HashMap<String, ChildRun>();
    jdbc.list(
        """
        SELECT r.parent_call_id, r.status, r.last_error, r.incomplete_reason, r.prompt_tokens,
          r.completion_tokens, r.reasoning_tokens, r.cached_tokens, r.cost_nanos, said.content
        FROM runs r
        LEFT JOIN LATERAL (
          SELECT m.content FROM messages m
          WHERE m.thread_id = r.thread_id AND m.run_id = r.id AND m.role = 'assistant'
            AND m.created_at >= r.created_at
          ORDER BY m.created_at DESC, m.id DESC LIMIT 1) said ON true
        WHERE r.parent_run_id = ? AND r.parent_thread_id = ?
        """,
        row -> children.put(row.text("parent_call_id"), read(row)),
        parent.id(),
        parent.threadId());
    return children;
  }

  private static ChildRun read(Row row) throws SQLException {
    var content = row.json("content", CONTENT);
    return new ChildRun(
        row.enumValue("status", RunStatus.class),
        row.json("last_error", RunError.class),
        row.text("incomplete_reason"),
        RunRow.usage(row),
        content == null ? List.of() : content);
  }

  /** How many runs a tree has below its root. */
  public int countBelow(RunId root) {
    return jdbc.one(
            "SELECT count(*)::int AS n FROM runs WHERE root_run_id = ?",
            row -> row.integer("n"),
            root)
        .orElseThrow();
  }

  /**
   * The thread in which the assistant last worked for the caller's thread, if no run is active
   * there.
   *
   * @param excluded threads that are not returned
   */
  public Optional<ThreadId> lastThread(
      Run caller, AssistantId target, Collection<ThreadId> excluded) {
    return jdbc.one(
        """
        SELECT r.thread_id FROM runs r JOIN threads t ON t.id = r.thread_id
        WHERE r.parent_thread_id = ? AND r.assistant_id = ? AND r.project_id = ?
          AND t.status = 'active' AND active_run(r.thread_id) IS NULL AND NOT r.thread_id = ANY (?)
        ORDER BY r.created_at DESC LIMIT 1
        """,
        row -> row.text("thread_id", ThreadId::new),
        caller.threadId(),
        target,
        caller.projectId(),
        excluded);
  }

  /**
   * Whether a run may start on a thread.
   *
   * @param isBusy whether another run is active there
   */
  public record ThreadState(boolean isArchived, boolean isBusy) {}

  /** The state of a thread; empty if the project has none of this id. */
  public Optional<ThreadState> threadState(ProjectId project, ThreadId thread) {
    return jdbc.one(
        """
        SELECT status, active_run(id) IS NOT NULL AS busy FROM threads
        WHERE id = ? AND project_id = ?
        """,
        row -> new ThreadState(row.text("status").equals("archived"), row.bool("busy")),
        thread,
        project);
  }

  /** The children of a run that have not ended. */
  public List<RunKey> active(Run parent) {
    return jdbc.list(
        "SELECT thread_id, id FROM runs WHERE parent_run_id = ? AND parent_thread_id = ? AND status IN "
            + RunStatus.sql(RunStatus.ACTIVE),
        RunRow::key,
        parent.id(),
        parent.threadId());
  }

  /** The run that answers in place of this one, if this one handed off. */
  public Optional<RunKey> handoffTarget(Run run) {
    return jdbc.one(
        "SELECT thread_id, id FROM runs WHERE parent_run_id = ? AND parent_thread_id = ? AND handoff",
        RunRow::key,
        run.id(),
        run.threadId());
  }

  /** Whether a locked run has handed off and has not ended yet. */
  public boolean isHandedOff(Tx tx, Run run) {
    return tx.one(
            "SELECT 1 AS one FROM runs WHERE thread_id = ? AND id = ? AND routing = 'handed'",
            row -> row.integer("one"),
            run.threadId(),
            run.id())
        .isPresent();
  }

  /** An active run whose parent has ended. */
  public record ChildOfEndedRun(ProjectId project, RunKey key) {}

  /** Active runs whose parent has ended, or is to be cancelled and has handed off to them. */
  public List<ChildOfEndedRun> childrenOfEndedRuns(int limit) {
    return jdbc.list(
        """
        SELECT c.project_id, c.thread_id, c.id FROM runs c
        LEFT JOIN runs p ON p.thread_id = c.parent_thread_id AND p.id = c.parent_run_id
        WHERE c.parent_run_id IS NOT NULL AND c.status IN ('queued', 'in_progress', 'requires_action')
          AND (p.id IS NULL OR c.handoff AND p.status = 'cancelling' OR p.status IN %s)
        LIMIT ?
        """
            .formatted(RunStatus.sql(RunStatus.TERMINAL)),
        row -> new ChildOfEndedRun(row.text("project_id", ProjectId::new), RunRow.key(row)),
        limit);
  }

  /**
   * A run of a tree.
   *
   * @param parent null for a run that no other run created
   * @param call null as {@code parent}
   */
  public record TreeNode(
      RunKey key,
      AssistantId assistant,
      RunStatus status,
      RunId parent,
      ToolCallId call,
      boolean isHandoff,
      Run.Times times,
      RunError error,
      String incompleteReason,
      Usage usage) {}

  /** The runs of the tree that a run belongs to, the run itself among them. */
  public List<TreeNode> tree(Run run) {
    return jdbc.list(
        """
        SELECT thread_id, id, assistant_id, status, parent_run_id, parent_call_id, handoff,
          created_at, started_at, cancelled_at, failed_at, completed_at, last_error,
          incomplete_reason, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens,
          cost_nanos
        FROM runs WHERE project_id = ? AND (root_run_id = ? OR thread_id = ? AND id = ?)
        """,
        ChildRunStore::readNode,
        run.projectId(),
        run.root(),
        run.threadId(),
        run.id());
  }

  private static TreeNode readNode(Row row) throws SQLException {
    return new TreeNode(
        RunRow.key(row),
        row.text("assistant_id", AssistantId::new),
        row.enumValue("status", RunStatus.class),
        row.text("parent_run_id", RunId::new),
        row.text("parent_call_id", ToolCallId::new),
        row.bool("handoff"),
        new Run.Times(
            row.instant("created_at"),
            null,
            row.instant("started_at"),
            row.instant("cancelled_at"),
            row.instant("failed_at"),
            row.instant("completed_at")),
        row.json("last_error", RunError.class),
        row.text("incomplete_reason"),
        RunRow.usage(row));
  }

  /**
   * A run that another run created, and where the call that did so stands.
   *
   * @param step the ordinal of the step within the parent
   * @param call the index of the call within the step
   */
  public record Branch(
      ThreadId thread, RunId run, RunId parent, int step, int call, boolean isHandoff) {}

  /** All runs of the tree that a run belongs to which other runs created. */
  public List<Branch> branches(Run run) {
    return jdbc.list(
        """
        SELECT r.thread_id, r.id, r.parent_run_id, s.ordinal AS step, c.ordinal AS call, r.handoff
        FROM runs r
        JOIN tool_calls c ON c.thread_id = r.parent_thread_id AND c.id = r.parent_call_id
        JOIN run_steps s ON s.thread_id = c.thread_id AND s.id = c.step_id
        WHERE r.root_run_id = ? AND r.project_id = ?
        """,
        row ->
            new Branch(
                row.text("thread_id", ThreadId::new),
                row.text("id", RunId::new),
                row.text("parent_run_id", RunId::new),
                row.integer("step"),
                row.integer("call"),
                row.bool("handoff")),
        run.root(),
        run.projectId());
  }
}
