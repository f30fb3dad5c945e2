package dev.threadmill.runs.execution;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonValue;
import dev.threadmill.models.Usage;
import dev.threadmill.runs.store.RunError;
import dev.threadmill.runs.store.Step;
import dev.threadmill.runs.store.StepReasoning;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * A run step on the wire.
 *
 * @param reasoning the reasoning of the model that clients may see; left out if there is none
 * @param commentary the text beside tool calls; left out if that became a message
 * @param warnings a sentence for each tool that the run is not offered, and why; left out if there
 *     is none
 */
public record StepObject(
    String id,
    String object,
    long createdAt,
    String assistantId,
    String threadId,
    String runId,
    Step.Type type,
    Step.Status status,
    Details stepDetails,
    RunError lastError,
    Long expiredAt,
    Long cancelledAt,
    Long failedAt,
    Long completedAt,
    Map<String, String> metadata,
    Usage usage,
    @JsonInclude(JsonInclude.Include.NON_NULL) ReasoningObject reasoning,
    @JsonInclude(JsonInclude.Include.NON_NULL) CommentaryObject commentary,
    @JsonInclude(JsonInclude.Include.NON_NULL) List<String> warnings) {

  /** The reasoning, and the effort of the model request. */
  record ReasoningObject(String text, @JsonInclude(JsonInclude.Include.NON_NULL) String effort) {}

  record CommentaryObject(String text) {}

  /** The details of a step, by its type. */
  sealed interface Details {
    record MessageCreation(String messageId) implements Details {
      @JsonValue
      Map<String, Object> json() {
        return JsonFields.ordered(
            "type", "message_creation", "message_creation", Map.of("message_id", messageId));
      }
    }

    record ToolCalls(List<Object> calls) implements Details {
      @JsonValue
      Map<String, Object> json() {
        return JsonFields.ordered("type", "tool_calls", "tool_calls", calls);
      }
    }
  }

  /** The step as it is now, without the contents of file searches. */
  public static StepObject of(Step step) {
    return of(step, false);
  }

  /**
   * The step as it is now.
   *
   * @param withContents whether the results of file searches have their contents
   */
  public static StepObject of(Step step, boolean withContents) {
    return new StepObject(
        step.id().value(),
        "thread.run.step",
        step.createdAt().getEpochSecond(),
        step.assistantId() == null ? null : step.assistantId().value(),
        step.threadId().value(),
        step.runId().value(),
        step.type(),
        step.status(),
        details(step, withContents),
        step.lastError(),
        endedAs(step, Step.Status.EXPIRED),
        endedAs(step, Step.Status.CANCELLED),
        endedAs(step, Step.Status.FAILED),
        endedAs(step, Step.Status.COMPLETED),
        Map.of(),
        step.usage(),
        reasoning(step.reasoning()),
        step.reasoning().commentary() == null
            ? null
            : new CommentaryObject(step.reasoning().commentary()),
        step.warnings().isEmpty() ? null : step.warnings());
  }

  /** The step as it was when it was created. */
  static StepObject inProgress(Step step) {
    return of(step.asStarted());
  }

  private static ReasoningObject reasoning(StepReasoning aside) {
    return aside.reasoning() == null
        ? null
        : new ReasoningObject(aside.reasoning(), aside.effort());
  }

  private static Details details(Step step, boolean withContents) {
    return switch (step.type()) {
      case MESSAGE_CREATION -> new Details.MessageCreation(step.messageId().value());
      case TOOL_CALLS ->
          new Details.ToolCalls(
              step.calls().stream()
                  .map(call -> (Object) CallObject.of(call, withContents))
                  .toList());
    };
  }

  private static Long endedAs(Step step, Step.Status status) {
    Instant at = step.status() == status ? step.endedAt() : null;
    return at == null ? null : at.getEpochSecond();
  }
}
