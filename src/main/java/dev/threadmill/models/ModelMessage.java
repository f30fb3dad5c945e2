package dev.threadmill.models;

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
   */
  record Assistant(String text, List<ModelToolCall> toolCalls) implements ModelMessage {
    public Assistant {
      toolCalls = List.copyOf(toolCalls);
    }
  }

  /** What came of a tool call of the assistant's message before. */
  record ToolResult(String toolCallId, String text) implements ModelMessage {}
}
