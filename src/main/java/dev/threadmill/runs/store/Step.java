package dev.threadmill.runs.store;

import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.Ids;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.StepId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.models.Usage;
import java.time.Instant;
import java.util.List;
import java.util.Locale;

/**
 * A step of a run: the model wrote a message, or it called tools.
 *
 * @param ordinal its place within the run, from 1
 * @param endedAt null while it is in progress
 * @param messageId null for a step that calls tools
 * @param calls empty for a step that writes a message
 * @param aside what the model thought and said beside; {@link StepReasoning#NONE} for nothing
 * @param usage of the model call that the step comes from; null while it is in progress
 */
public record Step(
    StepId id,
    ThreadId threadId,
    RunId runId,
    AssistantId assistantId,
    int ordinal,
    Type type,
    Status status,
    Instant createdAt,
    Instant endedAt,
    RunError lastError,
    MessageId messageId,
    List<ToolCall> calls,
    StepReasoning aside,
    Usage usage) {
  public Step {
    calls = List.copyOf(calls);
  }

  /** What the model did. */
  public enum Type {
    MESSAGE_CREATION,
    TOOL_CALLS;

    @JsonValue
    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Where a step stands. */
  public enum Status {
    IN_PROGRESS,
    CANCELLED,
    FAILED,
    COMPLETED,
    EXPIRED;

    /** As clients see it. */
    @JsonValue
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A step that has just begun. Its ids follow from its place, so any node can name them. */
  public static Step started(Run run, int attempt, int ordinal, Type type, Instant at) {
    return new Step(
        new StepId(Ids.derive(StepId.PREFIX, run.id(), attempt + "/" + ordinal)),
        run.threadId(),
        run.id(),
        run.assistantId(),
        ordinal,
        type,
        Status.IN_PROGRESS,
        at,
        null,
        null,
        type == Type.TOOL_CALLS
            ? null
            : new MessageId(Ids.derive(MessageId.PREFIX, run.id(), attempt + "/" + ordinal)),
        List.of(),
        StepReasoning.NONE,
        null);
  }

  /** The same step with other calls. */
  public Step with(List<ToolCall> newCalls) {
    return new Step(
        id,
        threadId,
        runId,
        assistantId,
        ordinal,
        type,
        status,
        createdAt,
        endedAt,
        lastError,
        messageId,
        newCalls,
        aside,
        usage);
  }

  /** The same step with what it has used. */
  public Step with(Usage newUsage) {
    return new Step(
        id,
        threadId,
        runId,
        assistantId,
        ordinal,
        type,
        status,
        createdAt,
        endedAt,
        lastError,
        messageId,
        calls,
        aside,
        newUsage);
  }

  /** The same step, in which another assistant speaks. */
  public Step withAssistant(AssistantId speaker) {
    return new Step(
        id, threadId, runId, speaker, ordinal, type, status, createdAt, endedAt, lastError,
        messageId, calls, aside, usage);
  }

  /** The same step with what the model thought and said beside. */
  public Step with(StepReasoning newAside) {
    return new Step(
        id,
        threadId,
        runId,
        assistantId,
        ordinal,
        type,
        status,
        createdAt,
        endedAt,
        lastError,
        messageId,
        calls,
        newAside,
        usage);
  }

  /** The same step at its end, which is not before it began, whatever the clock of a node says. */
  public Step ended(Status how, Instant now, RunError error) {
    var at = now.isBefore(createdAt) ? createdAt : now;
    return new Step(
        id,
        threadId,
        runId,
        assistantId,
        ordinal,
        type,
        how,
        createdAt,
        at,
        error,
        messageId,
        calls,
        aside,
        usage);
  }
}
