package dev.threadmill.runs;

import dev.threadmill.api.ToolCallId;

/**
 * A tool call of a step.
 *
 * @param id ours, whatever the provider called it; sent to tools as their idempotency key
 * @param type {@code function} or a built-in tool's type
 * @param arguments JSON text as the model wrote it
 * @param output null while there is no result
 */
record ToolCall(ToolCallId id, String type, String name, String arguments, String output) {
  ToolCall withOutput(String result) {
    return new ToolCall(id, type, name, arguments, result);
  }

  ToolCall withMoreArguments(String more) {
    return new ToolCall(id, type, name, arguments + more, output);
  }

  boolean isOpen() {
    return output == null;
  }
}
