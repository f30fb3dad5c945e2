package dev.threadmill.runs.execution;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.Metadata;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.limits.RunBudget;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.RunStatus;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.runs.store.TruncationStrategy;
import java.time.Instant;
import java.util.List;

/**
 * A run on the wire. All keys but the last six are always present; those of the parent are present
 * only in a run that another run started. Times are Unix seconds.
 */
public record RunObject(
    String id,
    String object,
    long createdAt,
    String threadId,
    String assistantId,
    RunStatus status,
    RequiredAction requiredAction,
    RunError lastError,
    Long expiresAt,
    Long startedAt,
    Long cancelledAt,
    Long failedAt,
    Long completedAt,
    IncompleteDetails incompleteDetails,
    String model,
    String instructions,
    List<ToolSpec> tools,
    Metadata metadata,
    Usage usage,
    Double temperature,
    Double topP,
    Integer maxPromptTokens,
    Integer maxCompletionTokens,
    TruncationStrategy truncationStrategy,
    ToolChoice toolChoice,
    boolean parallelToolCalls,
    ResponseFormat responseFormat,
    String reasoningEffort,
    @JsonInclude(JsonInclude.Include.NON_NULL) String parentThreadId,
    @JsonInclude(JsonInclude.Include.NON_NULL) String parentRunId,
    @JsonInclude(JsonInclude.Include.NON_NULL) TurnOptions.Reasoning reasoning,
    @JsonInclude(JsonInclude.Include.NON_NULL) TurnOptions.Visibility visibility,
    @JsonInclude(JsonInclude.Include.NON_NULL) Integer maxTurns,
    @JsonInclude(JsonInclude.Include.NON_NULL) Integer maxToolCalls,
    @JsonInclude(JsonInclude.Include.NON_NULL) RunBudget budget) {
  private static final double DEFAULT_SAMPLING = 1;

  /** What the client has to do before the run continues. */
  public record RequiredAction(String type, Calls submitToolOutputs) {
    /** The calls that wait for outputs. */
    public record Calls(List<Call> toolCalls) {}

    /**
     * A call that waits for its output.
     *
     * @param approval true if the server makes the call once it is approved; null otherwise
     */
    public record Call(
        String id,
        String type,
        Function function,
        @JsonInclude(JsonInclude.Include.NON_NULL) Boolean approval) {}

    /** The function to call, with its arguments as JSON text. */
    public record Function(String name, String arguments) {}

    /** Also true when the approval was given since, so that a replay equals the live stream. */
    private static boolean isApproval(ToolCall call) {
      return call.executor().involvesClient() && call.executor() != ToolCall.Executor.CLIENT;
    }

    /** The client has to submit the outputs of these calls, or to approve them. */
    public static RequiredAction toSubmit(List<ToolCall> calls) {
      return new RequiredAction(
          "submit_tool_outputs",
          new Calls(
              calls.stream()
                  .map(
                      call ->
                          new Call(
                              call.id().value(),
                              "function",
                              new Function(call.name(), call.arguments()),
                              isApproval(call) ? true : null))
                  .toList()));
    }
  }

  /**
   * Why a run ended incomplete.
   *
   * @param reason a reason of the Assistants API; left out for other reasons
   * @param limit the limit of this server that was reached; left out for other reasons
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record IncompleteDetails(String reason, String limit) {
    /** The details of a stored reason; null for null. */
    public static IncompleteDetails of(String reason) {
      return switch (reason) {
        case null -> null;
        case "max_prompt_tokens", "max_completion_tokens" -> new IncompleteDetails(reason, null);
        default -> new IncompleteDetails(null, reason);
      };
    }
  }

  /**
   * The run as it is now.
   *
   * @param open the tool calls that wait for the client, shown if the run requires action
   */
  public static RunObject of(Run run, List<ToolCall> open) {
    var settings = run.settings();
    var times = run.times();
    boolean ended = run.status().isTerminal();
    return new RunObject(
        run.id().value(),
        "thread.run",
        times.created().getEpochSecond(),
        run.threadId().value(),
        run.assistantId() == null ? null : run.assistantId().value(),
        run.status(),
        run.status() == RunStatus.REQUIRES_ACTION ? RequiredAction.toSubmit(open) : null,
        run.lastError(),
        ended && run.status() != RunStatus.EXPIRED ? null : seconds(times.expires()),
        seconds(times.started()),
        seconds(times.cancelled()),
        seconds(times.failed()),
        seconds(times.completed()),
        IncompleteDetails.of(run.incompleteReason()),
        settings.model(),
        settings.instructions(),
        ToolSpec.masked(settings.tools()),
        run.metadata(),
        ended ? run.usage() : null,
        shown(settings.sampling().temperature()),
        shown(settings.sampling().topP()),
        settings.tokenLimits().maxPromptTokens(),
        settings.tokenLimits().maxCompletionTokens(),
        settings.truncationStrategy(),
        settings.toolUse().choice(),
        settings.toolUse().parallel(),
        settings.responseFormat(),
        settings.sampling().reasoningEffort(),
        run.origin() == null ? null : run.origin().parentThread().value(),
        run.origin() == null ? null : run.origin().parent().value(),
        settings.turns().reasoning(),
        settings.turns().visibility(),
        settings.turns().maxTurns(),
        settings.turns().maxToolCalls(),
        settings.turns().budget());
  }

  /** The run as it was when it was created. */
  public static RunObject created(Run run) {
    return of(run.atStatus(RunStatus.QUEUED, false), List.of());
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }

  /** Where nothing is set the provider's default holds, which the API shows as 1. */
  private static double shown(Double sampling) {
    return sampling == null ? DEFAULT_SAMPLING : sampling;
  }
}
