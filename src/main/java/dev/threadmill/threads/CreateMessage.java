package dev.threadmill.threads;

import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.ToolCallId;
import java.util.List;
import java.util.Locale;

/**
 * The body of {@code POST /v1/threads/{thread_id}/messages}, and an element of {@code messages} and
 * {@code additional_messages}.
 *
 * @param content not empty
 * @param toolCallId the call that a message of role {@code tool} answers; null for all others
 */
public record CreateMessage(
    Role role,
    @JsonDeserialize(using = InputPart.ContentDeserializer.class) List<ContentPart> content,
    List<Attachment> attachments,
    Metadata metadata,
    ToolCallId toolCallId) {
  /** The author of a message. */
  public enum Role {
    USER,
    ASSISTANT,
    /** The output of a tool call that a run waits for. */
    TOOL;

    @JsonValue
    String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A message of a user with this content alone. */
  public static CreateMessage ofUser(List<ContentPart> content) {
    return new CreateMessage(Role.USER, content, null, null, null);
  }

  public CreateMessage {
    Bounds.required("role", role);
    Bounds.required("content", content);
    attachments = Bounds.list("attachments", attachments, Integer.MAX_VALUE);
    if (role == Role.TOOL) {
      Bounds.required("tool_call_id", toolCallId);
      requireText(content);
    } else {
      requireSomething(content);
      if (toolCallId != null) {
        throw ApiException.invalid(
            "tool_call_id",
            "Invalid 'tool_call_id': only messages of role 'tool' answer a tool call.");
      }
    }
  }

  /** The text of a message that consists of text alone. */
  String text() {
    var text = new StringBuilder();
    for (var part : content) {
      if (part instanceof ContentPart.Text one) {
        text.append(one.value());
      }
    }
    return text.toString();
  }

  private static void requireText(List<ContentPart> content) {
    if (!content.stream().allMatch(ContentPart.Text.class::isInstance)) {
      throw ApiException.invalid(
          "content", "Invalid 'content': the result of a tool call is text.");
    }
  }

  private static void requireSomething(List<ContentPart> content) {
    if (content.isEmpty()) {
      throw ApiException.invalid(
          "content", "Invalid 'content': empty array. Expected an array with minimum length 1.");
    }
    if (content.size() == 1
        && content.getFirst() instanceof ContentPart.Text only
        && only.value().isEmpty()) {
      throw ApiException.invalid("content", "Invalid 'content': must not be empty.");
    }
  }
}
