package dev.threadmill.runs.store;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.Page;
import dev.threadmill.api.PageRequest;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.MemoryOptions;
import dev.threadmill.assistants.SafetyOptions;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.db.Jdbc;
import dev.threadmill.db.Keyset;
import dev.threadmill.db.Row;
import dev.threadmill.db.Tx;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.threads.NewMessage;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/** The rows of runs: how they are read, inserted and listed. */
@ApplicationScoped
public class RunStore {
  /** All that {@link #read} reads. */
  public static final String COLUMNS =
      """
      thread_id, id, project_id, assistant_id, created_at, status, expires_at, started_at,
      cancelled_at, failed_at, completed_at, last_error, incomplete_reason, model, instructions,
      tools, metadata, temperature, top_p, max_prompt_tokens, max_completion_tokens,
      truncation_strategy, tool_choice, parallel_tool_calls, response_format, reasoning_effort,
      prompt_tokens, completion_tokens, reasoning_tokens, owner, attempt, tape, memory, safety, turns,
      parent_thread_id, parent_run_id, parent_call_id, root_run_id, callers, handoff, api_key_id
      """;

  /** A page tells no events, and the tapes of long runs are long. */
  private static final String COLUMNS_OF_A_PAGE = COLUMNS.replaceFirst("\\btape\\b", "'' AS tape");

  /** Neither what was told nor what the model was given. */
  private static final String SMALL_COLUMNS =
      COLUMNS_OF_A_PAGE
          .replaceFirst("\\binstructions\\b", "NULL AS instructions")
          .replaceFirst("\\btools\\b", "'[]'::jsonb AS tools")
          .replaceFirst("\\bresponse_format\\b", "NULL AS response_format");

  private static final String LISTED =
      "thread_id = ? AND project_id = ? AND assistant_id = ? AND (? OR status = ANY (?))";
  private static final TypeReference<List<ToolSpec>> TOOLS = new TypeReference<>() {};
  private static final TypeReference<List<AssistantId>> CALLERS = new TypeReference<>() {};

  private final Jdbc jdbc;

  RunStore(Jdbc jdbc) {
    this.jdbc = jdbc;
  }

  /** The run; empty if the project has no such run in this thread. */
  public Optional<Run> find(ProjectId project, ThreadId thread, RunId run) {
    return jdbc.one(
        "SELECT " + COLUMNS + " FROM runs WHERE thread_id = ? AND id = ? AND project_id = ?",
        RunStore::read,
        thread,
        run,
        project);
  }

  /**
   * The run.
   *
   * @throws ApiException 404 if the project has no such run in this thread
   */
  public Run get(ProjectId project, ThreadId thread, RunId run) {
    return find(project, thread, run).orElseThrow(() -> ApiException.notFound("run", run));
  }

  /** The run, locked until the transaction ends. */
  public Optional<Run> lock(Tx tx, ThreadId thread, RunId run) {
    return tx.one(
        "SELECT " + COLUMNS + " FROM runs WHERE thread_id = ? AND id = ? FOR NO KEY UPDATE",
        RunStore::read,
        thread,
        run);
  }

  /** The first run that was created after this time. */
  public Optional<Run> firstAfter(ThreadId thread, Instant time) {
    return jdbc.one(
        "SELECT "
            + COLUMNS
            + " FROM runs WHERE thread_id = ? AND created_at > ? ORDER BY created_at, id LIMIT 1",
        RunStore::read,
        thread,
        time);
  }

  /**
   * Inserts a run.
   *
   * @param waitingMessages what joins the thread when the run's turn comes; null if it need not
   *     wait
   */
  public void insert(Tx tx, Run run, List<NewMessage> waitingMessages) {
    var settings = run.settings();
    var times = run.times();
    var origin = settings.origin();
    tx.defer(
        """
        INSERT INTO runs (
          thread_id, id, project_id, assistant_id, created_at, status, expires_at, started_at,
          model, instructions, tools, metadata, temperature, top_p, max_prompt_tokens,
          max_completion_tokens, truncation_strategy, tool_choice, parallel_tool_calls,
          response_format, reasoning_effort, owner, attempt, tape, memory, waiting,
          waiting_messages, safety, turns, parent_thread_id, parent_run_id, parent_call_id, root_run_id,
          callers, handoff, api_key_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
          ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        run.threadId(),
        run.id(),
        run.projectId(),
        run.assistantId(),
        times.created(),
        run.status(),
        times.expires(),
        times.started(),
        settings.model(),
        settings.instructions(),
        Tx.json(settings.tools()),
        Tx.json(run.metadata()),
        settings.temperature(),
        settings.topP(),
        settings.maxPromptTokens(),
        settings.maxCompletionTokens(),
        Tx.json(settings.truncationStrategy()),
        Tx.json(settings.toolChoice()),
        settings.parallelToolCalls(),
        Tx.json(settings.responseFormat()),
        settings.reasoningEffort(),
        run.owner(),
        run.attempt(),
        run.eventLog(),
        Tx.json(settings.memory()),
        waitingMessages != null,
        Tx.json(waitingMessages),
        Tx.json(settings.safety()),
        Tx.json(settings.turns().orNull()),
        origin == null ? null : origin.parentThread(),
        origin == null ? null : origin.parent(),
        origin == null ? null : origin.call(),
        origin == null ? null : origin.root(),
        Tx.json(origin == null ? null : origin.callers()),
        origin != null && origin.isHandoff(),
        settings.apiKey());
  }

  /** Stores how a run that nobody executes has ended, and what that puts on its tape. */
  public void setEnd(Tx tx, Run ended, String tape) {
    tx.update(
        """
        UPDATE runs SET status = ?, cancelled_at = ?, failed_at = ?, completed_at = ?,
          last_error = ?, incomplete_reason = ?, prompt_tokens = ?, completion_tokens = ?,
          waiting = false, waiting_messages = NULL, routing = NULL, tape = tape || ?
        WHERE thread_id = ? AND id = ?
        """,
        ended.status(),
        ended.times().cancelled(),
        ended.times().failed(),
        ended.times().completed(),
        Tx.json(ended.lastError()),
        ended.incompleteReason(),
        ended.usage().promptTokens(),
        ended.usage().completionTokens(),
        tape,
        ended.threadId(),
        ended.id());
  }

  /** Sets the metadata. The run, or empty if there is none. */
  public Optional<Run> setMetadata(
      ProjectId project, ThreadId thread, RunId run, Metadata metadata) {
    return jdbc.updateReturningOne(
        "UPDATE runs SET metadata = ? WHERE thread_id = ? AND id = ? AND project_id = ? RETURNING "
            + COLUMNS,
        RunStore::read,
        Tx.json(metadata),
        thread,
        run,
        project);
  }

  /** The runs that the filter lets through, youngest first, without what may be large in them. */
  public List<Run> list(ProjectId project, RunFilter wanted) {
    return jdbc.list(
        "SELECT "
            + SMALL_COLUMNS
            + " FROM runs WHERE "
            + LISTED
            + """
             AND (?::text IS NULL OR (created_at, id) < (
                SELECT c.created_at, c.id FROM runs c WHERE c.thread_id = ? AND c.id = ?))
            ORDER BY created_at DESC, id DESC LIMIT ?
            """,
        RunStore::read,
        wanted.thread(),
        project,
        wanted.assistant(),
        wanted.statuses().isEmpty(),
        wanted.statuses().stream().map(RunStatus::wire).toList(),
        wanted.after(),
        wanted.thread(),
        wanted.after(),
        wanted.limit());
  }

  /** How many runs the filter lets through, beyond its limit and place. */
  public int count(ProjectId project, RunFilter wanted) {
    return jdbc.one(
            "SELECT count(*)::int AS n FROM runs WHERE " + LISTED,
            row -> row.integer("n"),
            wanted.thread(),
            project,
            wanted.assistant(),
            wanted.statuses().isEmpty(),
            wanted.statuses().stream().map(RunStatus::wire).toList())
        .orElseThrow();
  }

  /** The active runs of the project that have all of this in their metadata. */
  public List<Run> active(ProjectId project, Metadata wanted) {
    return jdbc.list(
        "SELECT "
            + COLUMNS
            + """
             FROM runs WHERE project_id = ? AND metadata @> ?
              AND status IN ('queued', 'in_progress', 'requires_action', 'cancelling')
            ORDER BY created_at LIMIT 10
            """,
        RunStore::read,
        project,
        Tx.json(wanted));
  }

  /** A page of the thread's runs, without their tapes. */
  public Page<Run> list(ProjectId project, ThreadId thread, PageRequest page) {
    return Keyset.of(COLUMNS_OF_A_PAGE, "runs")
        .within("thread_id = ?", thread)
        .within("project_id = ?", project)
        .pageBoundedBySize(
            page,
            Keyset.counted(jdbc, RunStore::read),
            run -> run.id().value(),
            Keyset.sizeExpression("tools", "instructions", "response_format"));
  }

  private static Origin origin(Row row) throws SQLException {
    var parent = row.text("parent_run_id", RunId::new);
    return parent == null
        ? null
        : new Origin(
            row.text("parent_thread_id", ThreadId::new),
            parent,
            row.text("parent_call_id", ToolCallId::new),
            row.text("root_run_id", RunId::new),
            row.json("callers", CALLERS),
            row.bool("handoff"));
  }

  /** The run of a row that has all {@link #COLUMNS}. */
  public static Run read(Row row) throws SQLException {
    return new Run(
        row.text("thread_id", ThreadId::new),
        row.text("id", RunId::new),
        row.text("project_id", ProjectId::new),
        row.text("assistant_id", AssistantId::new),
        row.enumValue("status", RunStatus.class),
        new Run.Settings(
            row.text("model"),
            row.text("instructions"),
            row.json("tools", TOOLS),
            row.float8("temperature"),
            row.float8("top_p"),
            row.integer("max_prompt_tokens"),
            row.integer("max_completion_tokens"),
            row.json("truncation_strategy", TruncationStrategy.class),
            row.json("tool_choice", ToolChoice.class),
            row.bool("parallel_tool_calls"),
            row.json("response_format", ResponseFormat.class),
            row.text("reasoning_effort"),
            row.json("safety", SafetyOptions.class),
            row.json("memory", MemoryOptions.class),
            TurnOptions.orNone(row.json("turns", TurnOptions.class)),
            origin(row),
            row.text("api_key_id", ApiKeyId::new)),
        row.json("metadata", Metadata.class),
        new Run.Times(
            row.instant("created_at"),
            row.instant("expires_at"),
            row.instant("started_at"),
            row.instant("cancelled_at"),
            row.instant("failed_at"),
            row.instant("completed_at")),
        row.json("last_error", RunError.class),
        row.text("incomplete_reason"),
        new Usage(
            row.integer("prompt_tokens"),
            row.integer("completion_tokens"),
            row.integer("reasoning_tokens")),
        row.text("owner"),
        row.integer("attempt"),
        row.text("tape"));
  }
}
