package dev.threadmill.runs.store;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The rows of steps and of the tool calls in them. */
@ApplicationScoped
public class StepStore {
  private static final String COLUMNS =
      """
      thread_id, id, run_id, assistant_id, ordinal, created_at, type, status, ended_at, last_error,
      message_id, prompt_tokens, completion_tokens, reasoning_tokens, aside
      """;

  private static final String CALL_COLUMNS =
      "id, step_id, type, name, arguments, output, executor, routing, partial, progress,"
          + " remote_task";

  /** What a step and the calls in it count in the size of a page. */
  private static final String WEIGHT =
      """
      %s + coalesce((SELECT sum(%s) FROM tool_calls c
        WHERE c.thread_id = element.thread_id AND c.step_id = element.id), 0)
      """
          .formatted(
              Keyset.sizeExpression("aside"),
              Keyset.sizeExpression("c.arguments", "c.output", "c.partial"));

  private final Jdbc jdbc;

  StepStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** All steps of a run in their order, with their calls. */
  public List<Step> ofRun(Run run) {
    var steps =
        jdbc.list(
            "SELECT "
                + COLUMNS
                + " FROM run_steps WHERE thread_id = ? AND run_id = ?"
                + " ORDER BY ordinal",
            StepStore::read,
            run.threadId(),
            run.id());
    return withCalls(steps, run.threadId());
  }

  /** All steps of a run in their order, without their calls, within a transaction. */
  public List<Step> ofRun(Tx tx, Run run) {
    return tx.list(
        "SELECT " + COLUMNS + " FROM run_steps WHERE thread_id = ? AND run_id = ? ORDER BY ordinal",
        StepStore::read,
        run.threadId(),
        run.id());
  }

  /** The last step of a run, within a transaction. */
  public Optional<Step> lastOf(Tx tx, Run run) {
    return tx.one(
            "SELECT "
                + COLUMNS
                + " FROM run_steps WHERE thread_id = ? AND run_id = ?"
                + " ORDER BY ordinal DESC LIMIT 1",
            StepStore::read,
            run.threadId(),
            run.id())
        .map(
            step ->
                step.with(
                    tx.list(
                        "SELECT "
                            + CALL_COLUMNS
                            + " FROM tool_calls"
                            + " WHERE thread_id = ? AND step_id = ? ORDER BY ordinal",
                        StepStore::readCall,
                        run.threadId(),
                        step.id())));
  }

  /** A page of the steps of a run. */
  public Page<Step> list(ProjectId project, ThreadId thread, RunId run, PageRequest page) {
    var steps =
        Keyset.of(COLUMNS, "run_steps")
            .within("thread_id = ?", thread)
            .within("run_id = ?", run)
            .within("project_id = ?", project)
            .pageBoundedBySize(
                page, Keyset.counted(jdbc, StepStore::read), step -> step.id().value(), WEIGHT);
    return new Page<>(
        steps.object(),
        withCalls(steps.data(), thread),
        steps.firstId(),
        steps.lastId(),
        steps.hasMore());
  }

  /**
   * One step.
   *
   * @throws ApiException 404 if there is none in this run of the project
   */
  public Step get(ProjectId project, ThreadId thread, RunId run, StepId step) {
    var found =
        jdbc.one(
                "SELECT "
                    + COLUMNS
                    + " FROM run_steps"
                    + " WHERE thread_id = ? AND id = ? AND run_id = ? AND project_id = ?",
                StepStore::read,
                thread,
                step,
                run,
                project)
            .orElseThrow(() -> ApiException.notFound("run step", step));
    return withCalls(List.of(found), thread).getFirst();
  }

  /** What the model call was sent that a step comes from. */
  public Optional<SentContext> context(Step step) {
    return jdbc.one(
            "SELECT context FROM run_steps WHERE thread_id = ? AND id = ?",
            row -> Optional.ofNullable(row.json("context", SentContext.class)),
            step.threadId(),
            step.id())
        .flatMap(found -> found);
  }

  /** The calls of a waiting run that have no result yet. */
  public List<ToolCall> openCalls(Run run) {
    return jdbc.list(
        "SELECT "
            + CALL_COLUMNS
            + " FROM tool_calls"
            + " WHERE thread_id = ? AND run_id = ? AND output IS NULL"
            + " AND executor IN ('client', 'approval') ORDER BY step_id, ordinal",
        StepStore::readCall,
        run.threadId(),
        run.id());
  }

  /**
   * Inserts a step and its calls, whether or not it has ended.
   *
   * @param sent what the model call that it comes from was sent; null if that is not known any more
   */
  public void insert(Tx tx, Run run, Step step, SentContext sent) {
    tx.defer(
        """
        INSERT INTO run_steps (thread_id, id, project_id, run_id, assistant_id, ordinal, created_at,
          type, status, ended_at, last_error, message_id, prompt_tokens, completion_tokens,
          reasoning_tokens, context, aside)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        step.threadId(),
        step.id(),
        run.projectId(),
        step.runId(),
        step.assistantId(),
        step.ordinal(),
        step.createdAt(),
        step.type(),
        step.status(),
        step.endedAt(),
        Tx.json(step.lastError()),
        step.messageId(),
        step.usage() == null ? null : step.usage().promptTokens(),
        step.usage() == null ? null : step.usage().completionTokens(),
        step.usage() == null ? null : step.usage().reasoningTokens(),
        Tx.json(sent),
        Tx.json(step.aside().nullIfEmpty()));
    var calls = new ArrayList<Object[]>();
    for (var call : step.calls()) {
      calls.add(
          new Object[] {
            step.threadId(),
            call.id(),
            run.projectId(),
            step.runId(),
            step.id(),
            calls.size(),
            call.type(),
            call.name(),
            call.arguments(),
            call.output(),
            call.executor(),
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

  /** Stores the results of calls that are open so far. */
  public void setOutputs(Tx tx, Step step) {
    tx.deferBatch(
        "UPDATE tool_calls SET output = ? WHERE thread_id = ? AND id = ? AND output IS NULL",
        step.calls().stream()
            .filter(call -> !call.isOpen())
            .map(call -> new Object[] {call.output(), step.threadId(), call.id()})
            .toList());
    // What has been told must be there when the journal is cleared.
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

  /** Stores what the calls of a run had told by these events, which the journal alone has. */
  public void keepHeard(Tx tx, Run run, List<RunEvent> unstored) {
    for (var event : unstored) {
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

  /** Stores that these open calls have been handed to the client. */
  public void setExecutors(Tx tx, Step step) {
    tx.deferBatch(
        "UPDATE tool_calls SET executor = ? WHERE thread_id = ? AND id = ? AND output IS NULL",
        step.calls().stream()
            .filter(ToolCall::isOpen)
            .map(call -> new Object[] {call.executor(), step.threadId(), call.id()})
            .toList());
  }

  /** How often a run went on after calls of tools, and how many those were. */
  public record Spent(int turns, int toolCalls) {}

  /** How far a run has come with its limits. */
  public Spent spent(Run run) {
    return jdbc.one(
            """
            SELECT count(DISTINCT c.step_id) AS turns, count(*) AS calls
            FROM tool_calls c JOIN run_steps s ON s.thread_id = c.thread_id AND s.id = c.step_id
            WHERE c.thread_id = ? AND c.run_id = ? AND s.status IN ('completed', 'in_progress')
            """,
            row -> new Spent(row.integer("turns"), row.integer("calls")),
            run.threadId(),
            run.id())
        .orElseThrow();
  }

  /** How many calls of a run were refused. */
  public int refusedCalls(Run run) {
    return jdbc.one(
            """
            SELECT count(*) AS refused FROM tool_calls
            WHERE thread_id = ? AND run_id = ? AND executor = 'nobody'
            """,
            row -> row.integer("refused"),
            run.threadId(),
            run.id())
        .orElseThrow();
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

  /** The calls of steps that called tools, among steps of one thread, in one statement. */
  private List<Step> withCalls(List<Step> steps, ThreadId thread) {
    var ids = steps.stream().filter(s -> s.type() == Step.Type.TOOL_CALLS).map(Step::id).toList();
    if (ids.isEmpty()) {
      return steps;
    }
    var calls = new HashMap<String, List<ToolCall>>();
    jdbc.list(
        "SELECT "
            + CALL_COLUMNS
            + " FROM tool_calls"
            + " WHERE thread_id = ? AND step_id = ANY (?) ORDER BY step_id, ordinal",
        row ->
            calls.computeIfAbsent(row.text("step_id"), _ -> new ArrayList<>()).add(readCall(row)),
        thread,
        ids);
    return steps.stream()
        .map(step -> step.with(calls.getOrDefault(step.id().value(), List.of())))
        .toList();
  }

  private static ToolCall readCall(Row row) throws SQLException {
    return new ToolCall(
        row.text("id", ToolCallId::new),
        row.text("type"),
        row.text("name"),
        row.text("arguments"),
        row.text("output"),
        row.enumValue("executor", ToolCall.Executor.class),
        row.json("routing", ToolCall.Routing.class),
        ToolCall.Partial.of(row.text("partial"), row.text("progress"), row.text("remote_task")));
  }

  private static Step read(Row row) throws SQLException {
    Integer promptTokens = row.integer("prompt_tokens");
    Instant endedAt = row.instant("ended_at");
    var aside = row.json("aside", StepReasoning.class);
    return new Step(
        row.text("id", StepId::new),
        row.text("thread_id", ThreadId::new),
        row.text("run_id", RunId::new),
        row.text("assistant_id", AssistantId::new),
        row.integer("ordinal"),
        row.enumValue("type", Step.Type.class),
        row.enumValue("status", Step.Status.class),
        row.instant("created_at"),
        endedAt,
        row.json("last_error", RunError.class),
        row.text("message_id", MessageId::new),
        List.of(),
        aside == null ? StepReasoning.NONE : aside,
        promptTokens == null ? null : usage(row, promptTokens));
  }

  private static Usage usage(Row row, int promptTokens) throws SQLException {
    Integer reasoning = row.integer("reasoning_tokens");
    return new Usage(
        promptTokens, row.integer("completion_tokens"), reasoning == null ? 0 : reasoning);
  }

  /** Steps by their ordinal. */
  public static Map<Integer, Step> byOrdinal(List<Step> steps) {
    var map = new HashMap<Integer, Step>();
    steps.forEach(step -> map.put(step.ordinal(), step));
    return map;
  }
}
