package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/** One message of a prompt, in terms that fit every provider. */
public sealed interface ModelMessage {
  /** Instructions. */
  record System(String text) implements ModelMessage {}

  /** A message of the user: text, images, audio. */
  record User(List<ModelPart> parts) implements ModelMessage {
    public User {
      parts = List.copyOf(parts);
    }
  }

  /**
   * An earlier message of the model.
   *
   * @param text null if it only called tools
   * @param thoughts state of its provider that is sent back with the calls; null for none
   */
  record Assistant(
      String text,
      List<ModelToolCall> toolCalls,
      @JsonInclude(JsonInclude.Include.NON_NULL) ReasoningState thoughts)
      implements ModelMessage {
    public Assistant {
      toolCalls = List.copyOf(toolCalls);
    }

    /** A message without state. */
    public Assistant(String text, List<ModelToolCall> toolCalls) {
      this(text, toolCalls, null);
    }
  }

  /** The result of a tool call of the assistant's message before. */
  record ToolResult(String toolCallId, String text) implements ModelMessage {}
}
