package dev.threadmill.runs.store;

import com.fasterxml.jackson.core.type.TypeReference;
import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.MemoryOptions;
import dev.threadmill.assistants.SafetyOptions;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.db.Row;
import dev.threadmill.models.Money;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.telemetry.tracing.StoredTrace;
import java.sql.SQLException;
import java.util.List;

/**
 * Reads runs from rows of the table {@code runs}. Columns whose names differ from the terms of the
 * code:
 *
 * <table>
 *   <caption>Columns</caption>
 *   <tr><td>{@code tape}</td><td>the event log, {@link EventLog}</td></tr>
 *   <tr><td>{@code stored}</td><td>how often the current attempt has committed</td></tr>
 *   <tr><td>{@code waiting}</td><td>the run waits for another run of its thread</td></tr>
 *   <tr><td>{@code routing}</td><td>how child runs keep it from being executed, {@link
 *       Continuation}: {@code waiting} until they have ended, {@code ready} once they have, {@code
 *       handed} while a target answers in its place</td></tr>
 *   <tr><td>{@code turns}</td><td>the options of turns, with what clients see of them</td></tr>
 *   <tr><td>{@code callers}</td><td>the assistants of the runs above it</td></tr>
 * </table>
 */
final class RunRow {
  /** All columns that {@link #read} needs. */
  static final String COLUMNS =
      """
      thread_id, id, project_id, assistant_id, created_at, status, expires_at, started_at,
      cancelled_at, failed_at, completed_at, last_error, incomplete_reason, model, instructions,
      tools, metadata, temperature, top_p, max_prompt_tokens, max_completion_tokens,
      truncation_strategy, tool_choice, parallel_tool_calls, response_format, reasoning_effort,
      prompt_tokens, completion_tokens, reasoning_tokens, cached_tokens, cost_nanos, owner, attempt, tape, memory, safety, turns,
      parent_thread_id, parent_run_id, parent_call_id, root_run_id, callers, handoff, api_key_id,
      exact_replay, request_id, trace, opening, max_server_calls
      """;

  /** The columns of a list of runs: without the event log, which can be long. */
  static final String COLUMNS_OF_A_PAGE = COLUMNS.replaceFirst("\\btape\\b", "'' AS tape");

  /** The columns that are small in every run. */
  static final String SMALL_COLUMNS =
      COLUMNS_OF_A_PAGE
          .replaceFirst("\\binstructions\\b", "NULL AS instructions")
          .replaceFirst("\\btools\\b", "'[]'::jsonb AS tools")
          .replaceFirst("\\bresponse_format\\b", "NULL AS response_format");

  private static final TypeReference<List<ToolSpec>> TOOLS = new TypeReference<>() {};
  private static final TypeReference<List<AssistantId>> CALLERS = new TypeReference<>() {};

  private RunRow() {}

  /** The run of a row that has all {@link #COLUMNS}. */
  static Run read(Row row) throws SQLException {
    var definition =
        new Run.Definition(
            row.text("thread_id", ThreadId::new),
            row.text("id", RunId::new),
            row.text("project_id", ProjectId::new),
            row.text("assistant_id", AssistantId::new),
            settings(row),
            row.text("api_key_id", ApiKeyId::new),
            row.text("request_id"),
            origin(row),
            row.json("trace", StoredTrace.class));
    return new Run(
        definition,
        row.json("metadata", Metadata.class),
        state(row, row.json("last_error", RunError.class)),
        row.text("tape"));
  }

  /**
   * The run of a row of which only plain columns are read, for a row whose JSON columns this
   * version cannot read: without its metadata, its tools and all settings but the model.
   */
  static Run readPlain(Row row) throws SQLException {
    var parent = row.text("parent_run_id", RunId::new);
    var origin =
        parent == null
            ? null
            : new Origin(
                row.text("parent_thread_id", ThreadId::new),
                parent,
                row.text("parent_call_id", ToolCallId::new),
                row.text("root_run_id", RunId::new),
                List.of(),
                row.bool("handoff"));
    var settings =
        new RunSettings(
            row.text("model"),
            row.text("instructions"),
            List.of(),
            new RunSettings.ToolUse(ToolChoice.AUTO, row.bool("parallel_tool_calls")),
            new RunSettings.Sampling(
                row.float8("temperature"), row.float8("top_p"), row.text("reasoning_effort")),
            new RunSettings.TokenLimits(
                row.integer("max_prompt_tokens"), row.integer("max_completion_tokens")),
            TruncationStrategy.AUTO,
            ResponseFormat.AUTO,
            null,
            null,
            TurnOptions.NONE,
            row.bool("exact_replay"),
            RunOpening.NONE);
    var definition =
        new Run.Definition(
            row.text("thread_id", ThreadId::new),
            row.text("id", RunId::new),
            row.text("project_id", ProjectId::new),
            row.text("assistant_id", AssistantId::new),
            settings,
            row.text("api_key_id", ApiKeyId::new),
            row.text("request_id"),
            origin,
            null);
    return new Run(definition, Metadata.EMPTY, state(row, null), row.text("tape"));
  }

  /** The key of a row that has the columns {@code thread_id} and {@code id}. */
  static RunKey key(Row row) throws SQLException {
    return new RunKey(row.text("thread_id", ThreadId::new), row.text("id", RunId::new));
  }

  private static RunSettings settings(Row row) throws SQLException {
    return new RunSettings(
        row.text("model"),
        row.text("instructions"),
        row.json("tools", TOOLS),
        new RunSettings.ToolUse(
            row.json("tool_choice", ToolChoice.class), row.bool("parallel_tool_calls")),
        new RunSettings.Sampling(
            row.float8("temperature"), row.float8("top_p"), row.text("reasoning_effort")),
        new RunSettings.TokenLimits(
            row.integer("max_prompt_tokens"), row.integer("max_completion_tokens")),
        row.json("truncation_strategy", TruncationStrategy.class),
        row.json("response_format", ResponseFormat.class),
        row.json("safety", SafetyOptions.class),
        row.json("memory", MemoryOptions.class),
        TurnOptions.orNone(row.json("turns", TurnOptions.class))
            .withServerCalls(row.integer("max_server_calls")),
        row.bool("exact_replay"),
        RunOpening.orNone(row.json("opening", RunOpening.class)));
  }

  private static Run.State state(Row row, RunError lastError) throws SQLException {
    return new Run.State(
        row.enumValue("status", RunStatus.class),
        new Run.Times(
            row.instant("created_at"),
            row.instant("expires_at"),
            row.instant("started_at"),
            row.instant("cancelled_at"),
            row.instant("failed_at"),
            row.instant("completed_at")),
        lastError,
        row.text("incomplete_reason"),
        usage(row),
        new Run.Claim(row.text("owner"), row.integer("attempt")));
  }

  /** The usage of a run or a step, from the columns that they have alike. */
  static Usage usage(Row row) throws SQLException {
    var usage =
        new Usage(
            row.integer("prompt_tokens"),
            row.integer("completion_tokens"),
            orZero(row.integer("reasoning_tokens")));
    var cost = Money.ofNanos(row.bigint("cost_nanos"));
    return usage
        .withParts(orZero(row.integer("cached_tokens")), 0, 0, 0)
        .withCost(cost == null ? usage.cost() : cost);
  }

  private static int orZero(Integer count) {
    return count == null ? 0 : count;
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
}
