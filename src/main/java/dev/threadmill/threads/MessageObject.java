package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonInclude;
import dev.threadmill.api.AssistantId;
import dev.threadmill.api.MessageId;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import java.time.Instant;
import java.util.List;

/**
 * A message on the wire. All keys are always present except {@code tool_call_id}, which only the
 * response to a message of role {@code tool} has. Times are Unix seconds.
 */
public record MessageObject(
    String id,
    String object,
    long createdAt,
    String threadId,
    Message.Status status,
    IncompleteDetails incompleteDetails,
    Long completedAt,
    Long incompleteAt,
    String role,
    List<ContentPart> content,
    String assistantId,
    String runId,
    List<Attachment> attachments,
    Metadata metadata,
    @JsonInclude(JsonInclude.Include.NON_NULL) String toolCallId) {
  private static final String OBJECT = "thread.message";

  /** Why a message is incomplete. */
  public record IncompleteDetails(String reason) {}

  public static MessageObject of(Message message) {
    return new MessageObject(
        message.id().value(),
        OBJECT,
        message.createdAt().getEpochSecond(),
        message.threadId().value(),
        message.status(),
        message.incompleteReason() == null
            ? null
            : new IncompleteDetails(message.incompleteReason()),
        seconds(message.completedAt()),
        seconds(message.incompleteAt()),
        message.role().wire(),
        message.content(),
        message.assistantId() == null ? null : message.assistantId().value(),
        message.runId() == null ? null : message.runId().value(),
        message.attachments() == null ? List.of() : message.attachments(),
        message.metadata(),
        null);
  }

  /**
   * The response to a message of role {@code tool}, which is not stored as a message but as the
   * output of the tool call that it names.
   */
  public static MessageObject toolResult(
      MessageId id,
      ThreadId thread,
      RunId run,
      AssistantId assistant,
      ToolCallId call,
      String output,
      Instant at) {
    return new MessageObject(
        id.value(),
        OBJECT,
        at.getEpochSecond(),
        thread.value(),
        Message.Status.COMPLETED,
        null,
        at.getEpochSecond(),
        null,
        "tool",
        List.of(ContentPart.text(output)),
        assistant.value(),
        run.value(),
        List.of(),
        Metadata.EMPTY,
        call.value());
  }

  private static Long seconds(Instant time) {
    return time == null ? null : time.getEpochSecond();
  }
}
