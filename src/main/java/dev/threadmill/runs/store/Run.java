package dev.threadmill.runs.store;

import dev.threadmill.api.ApiKeyId;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ProjectId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.assistants.MemoryOptions;
import dev.threadmill.assistants.SafetyOptions;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.assistants.TurnOptions;
import dev.threadmill.egress.AllowedDomains;
import dev.threadmill.limits.Payer;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import dev.threadmill.models.Usage;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/**
 * A run as its row says.
 *
 * @param settings what the run was started with, which never changes
 * @param times when it came to which status
 * @param usage of all model calls so far
 * @param owner the node that executes it, null if none does
 * @param attempt how often it was claimed
 * @param tape the events up to the last stored step
 */
public record Run(
    ThreadId threadId,
    RunId id,
    ProjectId projectId,
    AssistantId assistantId,
    RunStatus status,
    Settings settings,
    Metadata metadata,
    Times times,
    RunError lastError,
    String incompleteReason,
    Usage usage,
    String owner,
    int attempt,
    String eventLog) {

  /** After this long a run that has not ended expires. */
  public static final Duration LIFE = Duration.ofMinutes(10);

  /**
   * What a run was started with: the assistant's settings with the run's own put over them.
   *
   * @param origin null if no other run has started it
   * @param apiKey the key whose request created the run, or the root of its tree; null if unknown
   */
  public record Settings(
      String model,
      String instructions,
      List<ToolSpec> tools,
      Double temperature,
      Double topP,
      Integer maxPromptTokens,
      Integer maxCompletionTokens,
      TruncationStrategy truncationStrategy,
      ToolChoice toolChoice,
      boolean parallelToolCalls,
      ResponseFormat responseFormat,
      String reasoningEffort,
      SafetyOptions safety,
      MemoryOptions memory,
      TurnOptions turns,
      Origin origin,
      ApiKeyId apiKey) {
    public Settings {
      tools = List.copyOf(tools);
    }

    /** The same for a run that another one starts, which gives it these many tokens and its key. */
    public Settings startedBy(
        Origin newOrigin, Integer promptTokens, Integer completionTokens, ApiKeyId key) {
      return new Settings(
          model,
          instructions,
          tools,
          temperature,
          topP,
          promptTokens,
          completionTokens,
          truncationStrategy,
          toolChoice,
          parallelToolCalls,
          responseFormat,
          reasoningEffort,
          safety,
          memory,
          turns,
          newOrigin,
          key);
    }

    /** The same for a run that a request with this key creates. */
    public Settings createdWith(ApiKeyId key) {
      return startedBy(origin, maxPromptTokens, maxCompletionTokens, key);
    }

    /** Whether the run may route messages to other assistants. */
    public boolean routes() {
      return tools.stream().anyMatch(ToolSpec.AgentRouting.class::isInstance);
    }

    /** The type of calls of the function of this name. */
    public String callType(String function) {
      for (var tool : tools) {
        if (tool instanceof ToolSpec.AgentRouting(var routing)
            && routing.routesToAssistant(function)) {
          return ToolSpec.AgentRouting.TYPE;
        }
      }
      return "function";
    }

    /** What the run's tools may reach. */
    public AllowedDomains domains() {
      return safety == null ? AllowedDomains.ANY : new AllowedDomains(safety.allowedDomains());
    }
  }

  /** When a run came to which status; null where it did not. */
  public record Times(
      Instant created,
      Instant expires,
      Instant started,
      Instant cancelled,
      Instant failed,
      Instant completed) {
    /** This moment by the clock of some node, which may be behind: not before the run began. */
    Instant notBefore(Instant at) {
      var begin = started == null ? created : started;
      return at.isBefore(begin) ? begin : at;
    }
  }

  /** How a run comes to its end. */
  public record End(RunStatus status, RunError error, String incompleteReason) {
    /** The run has done what it was to do. */
    public static final End COMPLETED = new End(RunStatus.COMPLETED, null, null);

    /** The client has cancelled the run. */
    public static final End CANCELLED = new End(RunStatus.CANCELLED, null, null);

    /** The run has taken too long. */
    public static final End EXPIRED = new End(RunStatus.EXPIRED, null, null);

    /** The run could not go on. */
    public static End failed(RunError error) {
      return new End(RunStatus.FAILED, error, null);
    }

    /** The run has come to a limit, which the reason names. */
    public static End incomplete(String reason) {
      return new End(RunStatus.INCOMPLETE, null, reason);
    }
  }

  /** Whose limits the model calls of the run count against. */
  public Payer payer() {
    return new Payer(projectId, settings.apiKey());
  }

  /** The same run claimed by a node. */
  public Run claimed(String node, int newAttempt, Instant at) {
    var started = times.started() == null ? times.notBefore(at) : times.started();
    return new Run(
        threadId,
        id,
        projectId,
        assistantId,
        RunStatus.IN_PROGRESS,
        settings,
        metadata,
        new Times(
            times.created(),
            times.expires(),
            started,
            times.cancelled(),
            times.failed(),
            times.completed()),
        lastError,
        incompleteReason,
        usage,
        node,
        newAttempt,
        eventLog);
  }

  /** The same run in another status that is not its end. */
  public Run withStatus(RunStatus newStatus) {
    return new Run(
        threadId,
        id,
        projectId,
        assistantId,
        newStatus,
        settings,
        metadata,
        times,
        lastError,
        incompleteReason,
        usage,
        owner,
        attempt,
        eventLog);
  }

  /** The same run created at this time. */
  public Run withCreatedAt(Instant at) {
    return new Run(
        threadId,
        id,
        projectId,
        assistantId,
        status,
        settings,
        metadata,
        new Times(
            at,
            times.expires(),
            times.started(),
            times.cancelled(),
            times.failed(),
            times.completed()),
        lastError,
        incompleteReason,
        usage,
        owner,
        attempt,
        eventLog);
  }

  /** The same run with another tape. */
  public Run withEventLog(String newTape) {
    return new Run(
        threadId,
        id,
        projectId,
        assistantId,
        status,
        settings,
        metadata,
        times,
        lastError,
        incompleteReason,
        usage,
        owner,
        attempt,
        newTape);
  }

  /** The same run after it has used so much in all. */
  public Run with(Usage newUsage) {
    return new Run(
        threadId,
        id,
        projectId,
        assistantId,
        status,
        settings,
        metadata,
        times,
        lastError,
        incompleteReason,
        newUsage,
        owner,
        attempt,
        eventLog);
  }

  Run with(Metadata newMetadata) {
    return new Run(
        threadId,
        id,
        projectId,
        assistantId,
        status,
        settings,
        newMetadata,
        times,
        lastError,
        incompleteReason,
        usage,
        owner,
        attempt,
        eventLog);
  }

  /** The same run at its end. */
  public Run ended(End end, Instant now) {
    var at = times.notBefore(now);
    return new Run(
        threadId,
        id,
        projectId,
        assistantId,
        end.status(),
        settings,
        metadata,
        new Times(
            times.created(),
            times.expires(),
            times.started(),
            end.status() == RunStatus.CANCELLED ? at : null,
            end.status() == RunStatus.FAILED ? at : null,
            end.status() == RunStatus.COMPLETED || end.status() == RunStatus.INCOMPLETE
                ? at
                : null),
        end.error(),
        end.incompleteReason(),
        usage,
        null,
        attempt,
        eventLog);
  }
}
