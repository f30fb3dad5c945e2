package dev.threadmill.runs.store;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads the tool calls of runs. {@link StepWriter} writes them. */
@ApplicationScoped
public class ToolCallStore {
  private static final String COLUMNS =
      "id, step_id, type, name, arguments, output, executor, routing, partial, progress,"
          + " remote_task, result_parts";

  /** Open calls that the client has to answer or to approve. */
  private static final String AWAITS_CLIENT =
      "output IS NULL AND executor IN ('client', 'approval')";

  private static final int MAX_SEARCHES = 100;

  private static final String OF_STEPS =
      "SELECT "
          + COLUMNS
          + " FROM tool_calls WHERE thread_id = ? AND step_id = ANY (?) ORDER BY step_id, ordinal";

  private final Jdbc jdbc;

  public ToolCallStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The calls of a step, in their order. */
  List<ToolCall> ofStep(Tx tx, Step step) {
    return tx.list(
        "SELECT "
            + COLUMNS
            + " FROM tool_calls WHERE thread_id = ? AND step_id = ? ORDER BY ordinal",
        ToolCallStore::read,
        step.threadId(),
        step.id());
  }

  /** The thread of a call that waits for an approval; empty if none does. */
  public Optional<ThreadId> threadAwaitingApproval(ProjectId project, ToolCallId call) {
    return jdbc.one(
        """
        SELECT thread_id FROM tool_calls
        WHERE id = ? AND project_id = ? AND output IS NULL AND executor = 'approval'
        """,
        row -> row.text("thread_id", ThreadId::new),
        call,
        project);
  }

  /** Those of these calls that exist, in no order. */
  public List<ToolCall> findAll(ThreadId thread, Collection<ToolCallId> wanted) {
    return wanted.isEmpty()
        ? List.of()
        : jdbc.list(
            "SELECT " + COLUMNS + " FROM tool_calls WHERE thread_id = ? AND id = ANY (?)",
            ToolCallStore::read,
            thread,
            wanted);
  }

  /** The calls of several steps of a thread, by their steps. */
  Map<StepId, List<ToolCall>> ofSteps(ThreadId thread, Collection<StepId> steps) {
    var calls = new HashMap<StepId, List<ToolCall>>();
    jdbc.list(OF_STEPS, row -> addTo(calls, row), thread, steps);
    return calls;
  }

  /** The calls of steps of any threads, by their steps. */
  Map<StepId, List<ToolCall>> ofSteps(List<Step> steps) {
    var calls = new HashMap<StepId, List<ToolCall>>();
    jdbc.list(
        """
        SELECT %s FROM tool_calls
        WHERE (thread_id, step_id) IN (SELECT * FROM unnest(?::text[], ?::text[]))
        ORDER BY step_id, ordinal
        """
            .formatted(COLUMNS),
        row -> addTo(calls, row),
        steps.stream().map(Step::threadId).toList(),
        steps.stream().map(Step::id).toList());
    return calls;
  }

  /** As {@link #ofSteps(ThreadId, Collection)}, within a transaction. */
  Map<StepId, List<ToolCall>> ofSteps(Tx tx, ThreadId thread, Collection<StepId> steps) {
    var calls = new HashMap<StepId, List<ToolCall>>();
    tx.list(OF_STEPS, row -> addTo(calls, row), thread, steps);
    return calls;
  }

  private static boolean addTo(Map<StepId, List<ToolCall>> calls, Row row) throws SQLException {
    return calls
        .computeIfAbsent(row.text("step_id", StepId::new), _ -> new ArrayList<>())
        .add(read(row));
  }

  /** The calls that a run waits for its client with. */
  public List<ToolCall> awaitingClient(Run run) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + " FROM tool_calls WHERE thread_id = ? AND run_id = ? AND "
            + AWAITS_CLIENT
            + " ORDER BY step_id, ordinal",
        ToolCallStore::read,
        run.threadId(),
        run.id());
  }

  /** The calls that several runs wait for their clients with, by their runs, in one statement. */
  public Map<RunId, List<ToolCall>> awaitingClient(Collection<RunKey> runs) {
    var calls = new HashMap<RunId, List<ToolCall>>();
    if (runs.isEmpty()) {
      return calls;
    }
    jdbc.list(
        """
        SELECT c.*
        FROM unnest(?::text[], ?::text[]) AS w (thread_id, run_id)
        JOIN tool_calls c ON c.thread_id = w.thread_id AND c.run_id = w.run_id
        WHERE %s
        ORDER BY c.step_id, c.ordinal
        """
            .formatted(AWAITS_CLIENT),
        row ->
            calls
                .computeIfAbsent(row.text("run_id", RunId::new), _ -> new ArrayList<>())
                .add(read(row)),
        runs.stream().map(RunKey::thread).toList(),
        runs.stream().map(RunKey::run).toList());
    return calls;
  }

  /** Those of these ids that calls of the thread have. */
  public Set<ToolCallId> existing(Tx tx, ThreadId thread, Collection<ToolCallId> wanted) {
    return Set.copyOf(
        tx.list(
            "SELECT id FROM tool_calls WHERE thread_id = ? AND id = ANY (?)",
            row -> row.text("id", ToolCallId::new),
            thread,
            wanted));
  }

  /**
   * A call, and the run that made it.
   *
   * @param runStatus null if no run of the thread has made it
   */
  public record CallOfRun(ToolCall call, RunId run, RunStatus runStatus) {}

  /** Those of these calls that the thread has. */
  public List<CallOfRun> find(
      Tx tx, ProjectId project, ThreadId thread, Collection<ToolCallId> wanted) {
    return tx.list(
        """
        SELECT c.*, r.status AS run_status
        FROM tool_calls c LEFT JOIN runs r ON r.thread_id = c.thread_id AND r.id = c.run_id
        WHERE c.thread_id = ? AND c.project_id = ? AND c.id = ANY (?)
        """,
        row ->
            new CallOfRun(
                read(row),
                row.text("run_id", RunId::new),
                row.enumValue("run_status", RunStatus.class)),
        thread,
        project,
        wanted);
  }

  /**
   * Calls of a thread that the client has to answer or approve: of a run that waits, or that no run
   * has made. Oldest first, 100 at most.
   */
  public List<ToolCallId> openForClient(ProjectId project, ThreadId thread) {
    return jdbc.list(
        """
        SELECT c.id FROM run_steps s
        JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
        LEFT JOIN runs r ON r.thread_id = s.thread_id AND r.id = s.run_id
        WHERE s.thread_id = ? AND s.project_id = ? AND s.type = 'tool_calls'
          AND s.status = 'in_progress' AND c.output IS NULL
          AND c.executor IN ('client', 'approval')
          AND (r.id IS NULL OR r.status = 'requires_action')
        ORDER BY s.created_at, c.ordinal LIMIT 100
        """,
        row -> row.text("id", ToolCallId::new),
        thread,
        project);
  }

  /**
   * How many turns of a run called tools, and how many calls those were.
   *
   * @param serverCalls how many of them the server has made, or waits to make
   */
  public record TurnCounts(int turns, int toolCalls, int serverCalls) {}

  /** How many turns and calls a run has made. */
  public TurnCounts countTurns(Run run) {
    return jdbc.one(
            """
            SELECT count(DISTINCT c.step_id) AS turns, count(*) AS calls,
              count(*) FILTER (WHERE c.executor NOT IN ('client', 'nobody')) AS server_calls
            FROM tool_calls c JOIN run_steps s ON s.thread_id = c.thread_id AND s.id = c.step_id
            WHERE c.thread_id = ? AND c.run_id = ? AND s.status IN ('completed', 'in_progress')
              AND c.type NOT IN %s
            """
                .formatted(CallType.sqlOfOpenings()),
            row ->
                new TurnCounts(
                    row.integer("turns"), row.integer("calls"), row.integer("server_calls")),
            run.threadId(),
            run.id())
        .orElseThrow();
  }

  /**
   * How many calls of a run were refused because they were invalid.
   *
   * @param others the output of those that were refused for another reason
   */
  public int countRefused(Run run, String others) {
    return jdbc.one(
            """
            SELECT count(*) AS refused FROM tool_calls
            WHERE thread_id = ? AND run_id = ? AND executor = 'nobody' AND output <> ?
            """,
            row -> row.integer("refused"),
            run.threadId(),
            run.id(),
            others)
        .orElseThrow();
  }

  /**
   * A completed call of a thread.
   *
   * @param at when its step was created
   * @param reasoning of the step, if this is its first call, else null; of steps of other runs
   *     without the reasoning text
   * @param bytes of its arguments and output
   */
  public record CompletedCall(
      Instant at, RunId run, StepId step, StepReasoning reasoning, ToolCall call, int bytes) {}

  /**
   * The newest completed calls of a run's thread that models have made, newest step first, in their
   * order within a step.
   *
   * @param before the steps that were created before this time
   * @param maxBytes reads no further once the calls before have more bytes than this
   */
  public List<CompletedCall> completedSince(
      Run run, Instant since, Instant before, int maxCalls, long maxBytes) {
    return jdbc.list(
        """
        SELECT created_at, run_id, step_id, aside, id, type, name, arguments, output, bytes FROM (
          SELECT s.created_at, s.run_id, s.id AS step_id, c.ordinal,
            octet_length(c.arguments) + octet_length(c.output) AS bytes,
            CASE WHEN c.ordinal > 0 THEN NULL
              WHEN s.run_id = ? THEN s.aside
              ELSE jsonb_build_object(
                'commentary', CASE WHEN lower(r.turns ->> 'visibility') IS DISTINCT FROM 'final'
                  THEN s.aside -> 'commentary' END,
                'thoughts', s.aside -> 'thoughts' #- '{text}') END AS aside,
            c.id, c.type, c.name, c.arguments, c.output,
            sum(octet_length(c.arguments) + octet_length(c.output)) OVER (
              ORDER BY s.created_at DESC, s.id, c.ordinal
              ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS ahead
          FROM run_steps s
          JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
          LEFT JOIN runs r ON r.thread_id = s.thread_id AND r.id = s.run_id
          WHERE s.thread_id = ? AND s.type = 'tool_calls' AND s.status = 'completed'
            AND s.created_at >= ? AND s.created_at < ? AND c.output IS NOT NULL
            AND c.type NOT IN %s
          ORDER BY s.created_at DESC, s.id, c.ordinal
          LIMIT ?) AS newest
        WHERE coalesce(ahead, 0) <= ?
        ORDER BY created_at DESC, step_id, ordinal
        """
            .formatted(CallType.sqlOfOpenings()),
        row ->
            new CompletedCall(
                row.instant("created_at"),
                row.text("run_id", RunId::new),
                row.text("step_id", StepId::new),
                row.json("aside", StepReasoning.class),
                ToolCall.completed(
                    row.text("id", ToolCallId::new),
                    row.text("type"),
                    row.text("name"),
                    row.text("arguments"),
                    row.text("output")),
                row.integer("bytes")),
        run.id(),
        run.threadId(),
        since,
        before,
        maxCalls,
        maxBytes);
  }

  /**
   * The newest searches of a thread, oldest first: what the detail of each holds, {@code results}
   * among it.
   *
   * @param type of the calls, and of the detail of their results
   */
  public List<JsonNode> searches(ThreadId thread, CallType type) {
    var newest =
        jdbc.list(
            """
            SELECT detail.value -> 'data' AS data
            FROM run_steps s JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id,
              jsonb_array_elements(c.result_parts -> 'details') AS detail
            WHERE s.thread_id = ? AND s.type = 'tool_calls' AND c.type = ?
              AND detail.value ->> 'type' = ?
            ORDER BY s.created_at DESC, s.id DESC, c.ordinal DESC LIMIT %d
            """
                .formatted(MAX_SEARCHES),
            row -> row.json("data", JsonNode.class),
            thread,
            type.word(),
            type.word());
    return newest.reversed();
  }

  private static ToolCall read(Row row) throws SQLException {
    return new ToolCall(
        row.text("id", ToolCallId::new),
        row.text("type"),
        row.text("name"),
        row.text("arguments"),
        row.text("output"),
        row.text("executor", ToolCall.Executor::ofStored),
        row.json("routing", ToolCall.Routing.class),
        ToolCall.Partial.of(row.text("partial"), row.text("progress"), row.text("remote_task")),
        row.json("result_parts", ToolCall.ResultParts.class));
  }
}
