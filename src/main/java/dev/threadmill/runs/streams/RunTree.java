package dev.threadmill.runs.streams;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.ToolCall;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Reads a run with all runs below it, in two statements. */
@ApplicationScoped
public class RunTree {
  private static final String COLUMNS =
      """
      r.thread_id, r.id, r.assistant_id, r.status, r.parent_run_id, r.parent_call_id, r.handoff,
      r.created_at, r.started_at, r.cancelled_at, r.failed_at, r.completed_at, r.last_error,
      r.incomplete_reason, r.prompt_tokens, r.completion_tokens
      """;

  private final Jdbc jdbc;

  RunTree(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  private record Node(
      ThreadId thread,
      RunId id,
      AssistantId assistant,
      RunStatus status,
      RunId parent,
      ToolCallId call,
      boolean isHandoff,
      Run.Times times,
      RunError error,
      String incompleteReason,
      Usage usage) {}

  /** The tree of a run, which may itself be below another. */
  public RunTreeObject of(Run top) {
    var origin = top.settings().origin();
    var nodes =
        jdbc.list(
            "SELECT "
                + COLUMNS
                + """
                 FROM runs r WHERE r.project_id = ?
                  AND (r.root_run_id = ? OR r.thread_id = ? AND r.id = ?)
                """,
            RunTree::read,
            top.projectId(),
            origin == null ? top.id() : origin.root(),
            top.threadId(),
            top.id());
    var open = openCalls(nodes);
    var below = new HashMap<RunId, List<Node>>();
    Node root = null;
    for (var node : nodes) {
      if (node.id().equals(top.id())) {
        root = node;
      } else {
        below.computeIfAbsent(node.parent(), _ -> new ArrayList<>()).add(node);
      }
    }
    return shown(root, below, open);
  }

  private static RunTreeObject shown(
      Node node, Map<RunId, List<Node>> below, Map<RunId, List<ToolCall>> open) {
    var children =
        below.getOrDefault(node.id(), List.of()).stream()
            .sorted(
                Comparator.comparing((Node child) -> child.times().created())
                    .thenComparing(child -> child.id().value()))
            .map(child -> shown(child, below, open))
            .toList();
    var mode = node.isHandoff() ? "handoff" : "delegate";
    var calls = open.get(node.id());
    return new RunTreeObject(
        node.id().value(),
        "thread.run.tree",
        node.thread().value(),
        node.assistant().value(),
        node.parent() == null ? null : node.parent().value(),
        node.call() == null ? null : node.call().value(),
        node.parent() == null ? null : mode,
        node.status(),
        calls == null ? null : RunObject.RequiredAction.toSubmit(calls),
        node.error(),
        RunObject.IncompleteDetails.of(node.incompleteReason()),
        seconds(node.times().created()),
        seconds(node.times().started()),
        seconds(node.times().cancelled()),
        seconds(node.times().failed()),
        seconds(node.times().completed()),
        node.usage(),
        children);
  }

  /** The calls that wait for clients, by run, in one statement; empty if no run waits. */
  private Map<RunId, List<ToolCall>> openCalls(List<Node> nodes) {
    var waiting = nodes.stream().filter(n -> n.status() == RunStatus.REQUIRES_ACTION).toList();
    var calls = new HashMap<RunId, List<ToolCall>>();
    if (!waiting.isEmpty()) {
      jdbc.list(
          """
          SELECT c.run_id, c.id, c.type, c.name, c.arguments, c.executor
          FROM unnest(?::text[], ?::text[]) AS w (thread_id, run_id)
          JOIN tool_calls c ON c.thread_id = w.thread_id AND c.run_id = w.run_id
          WHERE c.output IS NULL AND c.executor IN ('client', 'approval')
          ORDER BY c.step_id, c.ordinal
          """,
          row ->
              calls
                  .computeIfAbsent(row.text("run_id", RunId::new), _ -> new ArrayList<>())
                  .add(
                      ToolCall.started(
                              row.text("id", ToolCallId::new), row.text("type"), row.text("name"))
                          .withMoreArguments(row.text("arguments"))
                          .withExecutor(row.enumValue("executor", ToolCall.Executor.class))),
          waiting.stream().map(Node::thread).toList(),
          waiting.stream().map(Node::id).toList());
    }
    return calls;
  }

  private static Node read(Row row) throws SQLException {
    return new Node(
        row.text("thread_id", ThreadId::new),
        row.text("id", RunId::new),
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
        new Usage(row.integer("prompt_tokens"), row.integer("completion_tokens")));
  }

  /**
   * A run that another run started, and the call that did.
   *
   * @param step the ordinal of the step in the parent
   * @param call the index of the call in the step
   */
  record Branch(ThreadId thread, RunId run, RunId parent, int step, int call, boolean isHandoff) {}

  /** All runs below a run, with the calls that started them. */
  List<Branch> branches(Run top) {
    var origin = top.settings().origin();
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
        origin == null ? top.id() : origin.root(),
        top.projectId());
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }
}
