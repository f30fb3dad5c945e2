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
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.Usage;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Reads the steps of runs. {@link StepWriter} writes them. Columns whose names differ from the
 * terms of the code:
 *
 * <table>
 *   <caption>Columns</caption>
 *   <tr><td>{@code run_steps.aside}</td><td>what a model writes beside message and calls, {@link
 *       StepReasoning}: {@code thoughts} is the state of its reasoning that the provider requires
 *       back</td></tr>
 *   <tr><td>{@code run_steps.context}</td><td>what the model call of the step was given, {@link
 *       SentContext}</td></tr>
 *   <tr><td>{@code tool_calls.executor}</td><td>{@link ToolCall.Executor}, in words of its own
 *       </td></tr>
 *   <tr><td>{@code tool_calls.partial}</td><td>the output while the call has no result</td></tr>
 *   <tr><td>{@code tool_calls.remote_task}</td><td>{@link StreamedText#TASK}</td></tr>
 * </table>
 */
@ApplicationScoped
public class StepStore {
  private static final String COLUMNS =
      """
      thread_id, id, run_id, assistant_id, ordinal, created_at, type, status, ended_at, last_error,
      message_id, prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cost_nanos, aside, warnings
      """;

  private static final String OF_RUN =
      "SELECT " + COLUMNS + " FROM run_steps WHERE thread_id = ? AND run_id = ? ORDER BY ordinal";

  /** How much a step and its calls add to the size of a page. */
  private static final String WEIGHT =
      """
      %s + coalesce((SELECT sum(%s) FROM tool_calls c
        WHERE c.thread_id = element.thread_id AND c.step_id = element.id), 0)
      """
          .formatted(
              Keyset.sizeExpression("aside", "warnings"),
              Keyset.sizeExpression("c.arguments", "c.output", "c.partial", "c.result_parts"));

  private final Jdbc jdbc;
  private final ToolCallStore calls;

  public StepStore(Jdbc jdbc, ToolCallStore calls) {
    this.jdbc = jdbc;
    this.calls = calls;
  }

  /** All steps of a run in their order, with their calls. */
  public List<Step> ofRun(Run run) {
    return withCalls(jdbc.list(OF_RUN, StepStore::read, run.threadId(), run.id()), run.threadId());
  }

  /** All steps of several runs in their order, with their calls, by their runs. Two statements. */
  public Map<RunId, List<Step>> ofRuns(Collection<Run> runs) {
    var steps =
        jdbc.list(
            """
            SELECT %s FROM run_steps
            WHERE (thread_id, run_id) IN (SELECT * FROM unnest(?::text[], ?::text[]))
            ORDER BY run_id, ordinal
            """
                .formatted(COLUMNS),
            StepStore::read,
            runs.stream().map(Run::threadId).toList(),
            runs.stream().map(Run::id).toList());
    var ofRuns = new HashMap<RunId, List<Step>>();
    for (var step : withCalls(steps, _ -> calls.ofSteps(steps))) {
      ofRuns.computeIfAbsent(step.runId(), _ -> new ArrayList<>()).add(step);
    }
    return ofRuns;
  }

  /** All steps of a run in their order, without their calls, within a transaction. */
  public List<Step> ofRun(Tx tx, Run run) {
    return tx.list(OF_RUN, StepStore::read, run.threadId(), run.id());
  }

  /** All steps of a run in their order, with their calls, within a transaction. */
  public List<Step> ofRunWithCalls(Tx tx, Run run) {
    var steps = ofRun(tx, run);
    return withCalls(steps, ids -> calls.ofSteps(tx, run.threadId(), ids));
  }

  /** The last step of a run with its calls, within a transaction. */
  public Optional<Step> lastOf(Tx tx, Run run) {
    return tx.one(OF_RUN + " DESC LIMIT 1", StepStore::read, run.threadId(), run.id())
        .map(step -> step.with(calls.ofStep(tx, step)));
  }

  /** A page of the steps of a run. */
  public Page<Step> list(ProjectId project, ThreadId thread, RunId run, PageRequest page) {
    var steps =
        stepsOf(project, thread, run)
            .pageBoundedBySize(
                page, Keyset.counted(jdbc, StepStore::read), step -> step.id().value(), WEIGHT);
    return new Page<>(
        steps.object(),
        withCalls(steps.data(), thread),
        steps.firstId(),
        steps.lastId(),
        steps.hasMore());
  }

  private static Keyset stepsOf(ProjectId project, ThreadId thread, RunId run) {
    return Keyset.of(COLUMNS, "run_steps")
        .within("thread_id = ?", thread)
        .within("run_id = ?", run)
        .within("project_id = ?", project);
  }

  /**
   * About how many characters the steps, calls and messages of these runs have; what is small does
   * not count.
   */
  public long characters(Collection<Run> runs) {
    return jdbc.one(
            """
            SELECT ((SELECT coalesce(sum(%s), 0) FROM run_steps element
                WHERE (thread_id, run_id) IN (SELECT * FROM unnest(?::text[], ?::text[])))
              + (SELECT coalesce(sum(%s), 0) FROM messages
                WHERE (thread_id, run_id) IN (SELECT * FROM unnest(?::text[], ?::text[]))))::bigint
              AS characters
            """
                .formatted(WEIGHT, Keyset.sizeExpression("content")),
            row -> row.bigint("characters"),
            runs.stream().map(Run::threadId).toList(),
            runs.stream().map(Run::id).toList(),
            runs.stream().map(Run::threadId).toList(),
            runs.stream().map(Run::id).toList())
        .orElse(0L);
  }

  /**
   * About how many characters the messages and calls of a thread from one time to another have;
   * what is small does not count.
   */
  public long characters(ThreadId thread, Instant from, Instant to) {
    return jdbc.one(
            """
            SELECT ((SELECT coalesce(sum(%s), 0) FROM messages
                WHERE thread_id = ? AND created_at BETWEEN ? AND ?)
              + (SELECT coalesce(sum(%s), 0) FROM run_steps s
                JOIN tool_calls c ON c.thread_id = s.thread_id AND c.step_id = s.id
                WHERE s.thread_id = ? AND s.created_at BETWEEN ? AND ?))::bigint AS characters
            """
                .formatted(
                    Keyset.sizeExpression("content"),
                    Keyset.sizeExpression("c.arguments", "c.output")),
            row -> row.bigint("characters"),
            thread,
            from,
            to,
            thread,
            from,
            to)
        .orElse(0L);
  }

  /**
   * One step.
   *
   * @throws ApiException 404 if there is none in this run of the project
   */
  public Step get(ProjectId project, ThreadId thread, RunId run, StepId step) {
    var found =
        stepsOf(project, thread, run)
            .find(step.value(), Keyset.counted(jdbc, StepStore::read), WEIGHT)
            .orElseThrow(() -> ApiException.notFound("run step", step));
    return withCalls(List.of(found), thread).getFirst();
  }

  /** The prompt of the model call that a step comes from, by reference; empty if not stored. */
  public Optional<SentContext> context(Step step) {
    return jdbc.one(
            "SELECT context FROM run_steps WHERE thread_id = ? AND id = ?",
            row -> Optional.ofNullable(row.json("context", SentContext.class)),
            step.threadId(),
            step.id())
        .flatMap(found -> found);
  }

  /** The reasoning of these steps that clients may see, by step. */
  public Map<String, String> reasoning(ThreadId thread, Collection<StepId> steps) {
    var texts = new HashMap<String, String>();
    if (!steps.isEmpty()) {
      jdbc.list(
          """
          SELECT id, aside ->> 'reasoning' AS text FROM run_steps
          WHERE thread_id = ? AND id = ANY (?) AND aside ->> 'reasoning' IS NOT NULL
          """,
          row -> texts.put(row.text("id"), row.text("text")),
          thread,
          steps);
    }
    return texts;
  }

  /** The steps with their calls, which are read in one statement. */
  private List<Step> withCalls(List<Step> steps, ThreadId thread) {
    return withCalls(steps, ids -> calls.ofSteps(thread, ids));
  }

  private static List<Step> withCalls(
      List<Step> steps, Function<List<StepId>, Map<StepId, List<ToolCall>>> read) {
    var ids = steps.stream().filter(s -> s.type() == Step.Type.TOOL_CALLS).map(Step::id).toList();
    if (ids.isEmpty()) {
      return steps;
    }
    var found = read.apply(ids);
    return steps.stream().map(step -> step.with(found.getOrDefault(step.id(), List.of()))).toList();
  }

  private static Step read(Row row) throws SQLException {
    var reasoning = row.json("aside", StepReasoning.class);
    var warnings = row.json("warnings", String[].class);
    return new Step(
        new Step.Definition(
            row.text("id", StepId::new),
            row.text("thread_id", ThreadId::new),
            row.text("run_id", RunId::new),
            row.integer("ordinal"),
            row.enumValue("type", Step.Type.class),
            row.text("message_id", MessageId::new),
            row.instant("created_at"),
            warnings == null ? List.of() : List.of(warnings)),
        row.text("assistant_id", AssistantId::new),
        new Step.State(
            row.enumValue("status", Step.Status.class),
            row.instant("ended_at"),
            row.json("last_error", RunError.class)),
        List.of(),
        reasoning == null ? StepReasoning.NONE : reasoning,
        usage(row));
  }

  private static Usage usage(Row row) throws SQLException {
    return row.integer("prompt_tokens") == null ? null : RunRow.usage(row);
  }

  /** Steps by their ordinal. */
  public static Map<Integer, Step> byOrdinal(List<Step> steps) {
    var map = new HashMap<Integer, Step>();
    steps.forEach(step -> map.put(step.ordinal(), step));
    return map;
  }
}
