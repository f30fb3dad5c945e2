package dev.threadmill.runs.api;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.execution.RunObject;
import dev.threadmill.runs.store.Run;
import dev.threadmill.runs.store.RunSettings;
import dev.threadmill.runs.store.RunStatus;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * A run at one moment.
 *
 * @param assistant null if the run has none
 * @param statusSince when it changed to this status, to the second; for a run that is in progress
 *     or waits, when it was started
 * @param started whether its execution has started
 * @param error why it failed; null if it did not
 * @param incompleteReason why its answer was cut off; null if it was not
 * @param pendingCalls the tool calls whose outputs it waits for
 * @param usage the tokens of all model calls so far
 */
public record RunSnapshot(
    ThreadId thread,
    RunId id,
    AssistantId assistant,
    RunState status,
    Instant created,
    Instant statusSince,
    boolean started,
    Failure error,
    String incompleteReason,
    List<PendingCall> pendingCalls,
    Usage usage,
    Instant expires,
    Metadata metadata,
    Settings settings) {
  public RunSnapshot {
    pendingCalls = List.copyOf(pendingCalls);
  }

  /** Why a run failed: {@code last_error}. */
  public record Failure(String code, String message) {}

  /**
   * A tool call that waits for its output.
   *
   * @param arguments JSON text as the model wrote it
   * @param approval whether the server makes the call once it is approved
   */
  public record PendingCall(String id, String name, String arguments, boolean approval) {}

  /** Whether the run has ended, or waits for outputs. */
  public boolean isPausedOrEnded() {
    return status.isTerminal() || status == RunState.REQUIRES_ACTION;
  }

  /**
   * The settings that a run executes with, from its assistant and its request. Null stands for what
   * is not set. A run of {@link RunClient#list} has neither instructions nor tools.
   *
   * @param tools without their secrets
   */
  public record Settings(
      String model,
      String instructions,
      List<ToolSpec> tools,
      ToolChoice toolChoice,
      boolean parallelToolCalls,
      Double temperature,
      Double topP,
      Integer maxPromptTokens,
      Integer maxCompletionTokens,
      ResponseFormat responseFormat,
      String reasoningEffort,
      TurnOptions turns) {
    public Settings {
      tools = List.copyOf(tools);
    }

    private static Settings of(RunSettings stored) {
      return new Settings(
          stored.model(),
          stored.instructions(),
          ToolSpec.masked(stored.tools()),
          stored.toolUse().choice(),
          stored.toolUse().parallel(),
          stored.sampling().temperature(),
          stored.sampling().topP(),
          stored.tokenLimits().maxPromptTokens(),
          stored.tokenLimits().maxCompletionTokens(),
          stored.responseFormat(),
          stored.sampling().reasoningEffort(),
          stored.turns());
    }
  }

  static RunSnapshot of(RunObject run, Run stored) {
    var error = run.lastError();
    return new RunSnapshot(
        new ThreadId(run.threadId()),
        new RunId(run.id()),
        run.assistantId() == null ? null : new AssistantId(run.assistantId()),
        RunState.of(run.status()),
        Instant.ofEpochSecond(run.createdAt()),
        since(run),
        run.startedAt() != null,
        error == null ? null : new Failure(error.code(), error.message()),
        stored.incompleteReason(),
        run.requiredAction() == null ? List.of() : open(run.requiredAction()),
        stored.usage(),
        stored.times().expires(),
        stored.metadata(),
        Settings.of(stored.settings()));
  }

  private static List<PendingCall> open(RunObject.RequiredAction action) {
    return action.submitToolOutputs().toolCalls().stream()
        .map(
            call ->
                new PendingCall(
                    call.id(),
                    call.function().name(),
                    call.function().arguments(),
                    Boolean.TRUE.equals(call.approval())))
        .toList();
  }

  private static Instant since(RunObject run) {
    return Stream.of(
            run.completedAt(),
            run.failedAt(),
            run.cancelledAt(),
            run.status() == RunStatus.EXPIRED ? run.expiresAt() : null,
            run.startedAt())
        .filter(Objects::nonNull)
        .findFirst()
        .map(Instant::ofEpochSecond)
        .orElseGet(() -> Instant.ofEpochSecond(run.createdAt()));
  }
}
