package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/** One message of a prompt, in terms that every provider can be given. */
public sealed interface ModelMessage {
  /** Standing instructions. */
  record System(String text) implements ModelMessage {}

  /** What the user said, showed or let hear. */
  record User(List<ModelPart> parts) implements ModelMessage {
    public User {
      parts = List.copyOf(parts);
    }
  }

  /**
   * What the model said before.
   *
   * @param text null if it only called tools
   * @param thoughts what it thought before it called tools; null if that is not to be sent back
   */
  record Assistant(
      String text,
      List<ModelToolCall> toolCalls,
      @JsonInclude(JsonInclude.Include.NON_NULL) ReasoningState thoughts)
      implements ModelMessage {
    public Assistant {
      toolCalls = List.copyOf(toolCalls);
    }

    /** What the model said without anything that it thought. */
    public Assistant(String text, List<ModelToolCall> toolCalls) {
      this(text, toolCalls, null);
    }
  }

  /** What came of a tool call of the assistant's message before. */
  record ToolResult(String toolCallId, String text) implements ModelMessage {}
}
