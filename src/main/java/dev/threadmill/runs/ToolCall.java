package dev.threadmill.runs;

import dev.threadmill.api.ToolCallId;

/**
 * A tool call of a step.
 *
 * @param id ours, whatever the provider called it; sent to tools as their idempotency key
 * @param type {@code function} or a built-in tool's type
 * @param arguments JSON text as the model wrote it
 * @param output null while there is no result
 * @param executor who has to see to the result
 */
record ToolCall(
    ToolCallId id, String type, String name, String arguments, String output, Executor executor) {

  /** Who sees to the result of a call. */
  enum Executor {
    CLIENT,
    SERVER,
    /** The call was refused, and its output says why. */
    NOBODY
  }

  ToolCall withOutput(String result) {
    return new ToolCall(id, type, name, arguments, result, executor);
  }

  ToolCall withMoreArguments(String more) {
    return new ToolCall(id, type, name, arguments + more, output, executor);
  }

  ToolCall by(Executor newExecutor) {
    return new ToolCall(id, type, name, arguments, output, newExecutor);
  }

  boolean isOpen() {
    return output == null;
  }
}
