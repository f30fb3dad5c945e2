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
 * @param assistantId the assistant that writes its message; null if its run has no assistant
 * @param calls empty for a step that writes a message
 * @param reasoning of the model, and its commentary; {@link StepReasoning#NONE} if there is none
 * @param usage of the model call that the step comes from; null while it is in progress
 */
public record Step(
    Definition definition,
    AssistantId assistantId,
    State state,
    List<ToolCall> calls,
    StepReasoning reasoning,
    Usage usage) {
  public Step {
    calls = List.copyOf(calls);
  }

  /**
   * What never changes after a step is created.
   *
   * @param ordinal its place within the run, from 1
   * @param messageId null for a step that calls tools
   * @param warnings a sentence for each tool that the run is not offered, and why
   */
  public record Definition(
      StepId id,
      ThreadId threadId,
      RunId runId,
      int ordinal,
      Type type,
      MessageId messageId,
      Instant createdAt,
      List<String> warnings) {
    public Definition {
      warnings = List.copyOf(warnings);
    }

    private Definition withWarnings(List<String> other) {
      return new Definition(id, threadId, runId, ordinal, type, messageId, createdAt, other);
    }
  }

  /**
   * Where a step stands.
   *
   * @param endedAt null while it is in progress
   * @param lastError why it failed; null if it did not
   */
  public record State(Status status, Instant endedAt, RunError lastError) {
    /** The step has not ended. */
    public static final State IN_PROGRESS = new State(Status.IN_PROGRESS, null, null);
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

  /** The status of a step. */
  public enum Status {
    IN_PROGRESS,
    CANCELLED,
    FAILED,
    COMPLETED,
    EXPIRED;

    /** The name in the API and in the database. */
    @JsonValue
    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** How a step that is still in progress ends together with its run. */
    public static Status whenRunEnds(RunStatus end) {
      return switch (end) {
        case COMPLETED, INCOMPLETE -> COMPLETED;
        case CANCELLED -> CANCELLED;
        case EXPIRED -> EXPIRED;
        case FAILED -> FAILED;
        case QUEUED, IN_PROGRESS, REQUIRES_ACTION, CANCELLING ->
            throw new IllegalArgumentException("a run does not end as " + end.wire());
      };
    }

    /** How a step with unfinished tool calls ends together with its run. */
    public static Status ofUnfinishedCalls(RunStatus end) {
      var status = whenRunEnds(end);
      return status == COMPLETED ? CANCELLED : status;
    }
  }

  /**
   * A step that starts now. Its ids are derived from its place in the run, so that every node
   * derives the same ones.
   */
  public static Step started(Run run, int attempt, int ordinal, Type type, Instant at) {
    return new Step(
        define(run, attempt, ordinal, type, at),
        run.assistantId(),
        State.IN_PROGRESS,
        List.of(),
        StepReasoning.NONE,
        null);
  }

  /** The same step as a step of another run, which shows it as its own. */
  public Step projectedTo(Run other, int ordinal) {
    return new Step(
        define(other, other.attempt(), ordinal, type(), createdAt()),
        assistantId,
        state,
        List.of(),
        reasoning.visible(),
        usage);
  }

  private static Definition define(Run run, int attempt, int ordinal, Type type, Instant at) {
    var place = attempt + "/" + ordinal;
    return new Definition(
        new StepId(Ids.derive(StepId.PREFIX, run.id(), place)),
        run.threadId(),
        run.id(),
        ordinal,
        type,
        type == Type.TOOL_CALLS
            ? null
            : new MessageId(Ids.derive(MessageId.PREFIX, run.id(), place)),
        at,
        List.of());
  }

  public StepId id() {
    return definition.id();
  }

  public ThreadId threadId() {
    return definition.threadId();
  }

  public RunId runId() {
    return definition.runId();
  }

  /** Its place within the run, from 1. */
  public int ordinal() {
    return definition.ordinal();
  }

  public Type type() {
    return definition.type();
  }

  /** The message that the step writes; null for a step that calls tools. */
  public MessageId messageId() {
    return definition.messageId();
  }

  public Instant createdAt() {
    return definition.createdAt();
  }

  /** A sentence for each tool that the run is not offered, and why. */
  public List<String> warnings() {
    return definition.warnings();
  }

  public Status status() {
    return state.status();
  }

  /** Null while the step is in progress. */
  public Instant endedAt() {
    return state.endedAt();
  }

  /** Why the step failed; null if it did not. */
  public RunError lastError() {
    return state.lastError();
  }

  /** The calls that have no output yet. */
  public List<ToolCall> openCalls() {
    return calls.stream().filter(ToolCall::isOpen).toList();
  }

  /** Whether every call has its output. */
  public boolean hasAllOutputs() {
    return calls.stream().noneMatch(ToolCall::isOpen);
  }

  /** The same step with these warnings. */
  public Step withWarnings(List<String> warnings) {
    return new Step(definition.withWarnings(warnings), assistantId, state, calls, reasoning, usage);
  }

  /**
   * The same step as it was when it had just started. Warnings are shown with the whole step only,
   * because the journal of a step that has just started does not have them.
   */
  public Step asStarted() {
    return new Step(
        definition.withWarnings(List.of()),
        assistantId,
        State.IN_PROGRESS,
        List.of(),
        StepReasoning.NONE,
        null);
  }

  /** The same step with other calls. */
  public Step with(List<ToolCall> newCalls) {
    return new Step(definition, assistantId, state, newCalls, reasoning, usage);
  }

  /** The same step with the tokens that it has used. */
  public Step with(Usage newUsage) {
    return new Step(definition, assistantId, state, calls, reasoning, newUsage);
  }

  /** The same step with other reasoning. */
  public Step with(StepReasoning newReasoning) {
    return new Step(definition, assistantId, state, calls, newReasoning, usage);
  }

  /** With another assistant as the author of its message. */
  public Step withAssistant(AssistantId speaker) {
    return new Step(definition, speaker, state, calls, reasoning, usage);
  }

  /** The same step at its end, which is not before its start: the clocks of nodes differ. */
  public Step ended(Status how, Instant now, RunError error) {
    var at = now.isBefore(createdAt()) ? createdAt() : now;
    return new Step(definition, assistantId, new State(how, at, error), calls, reasoning, usage);
  }
}
