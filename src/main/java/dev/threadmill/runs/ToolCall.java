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
    NOBODY,
    /** The server, once the client has allowed it. */
    APPROVAL,
    /** The server; the client has allowed it, and it has not begun. */
    APPROVED,
    /** The server; the client has allowed it, and it may have begun. */
    BEGUN;

    /** Whether the run has to wait for the client while the call is open. */
    boolean isClientsTurn() {
      return this == CLIENT || this == APPROVAL;
    }

    /** Whether the client is, or was, asked about the call. */
    boolean isAsked() {
      return this != SERVER && this != NOBODY;
    }
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

  /** Whether the client has to say something before the run can go on. */
  boolean isClientsTurn() {
    return isOpen() && executor.isClientsTurn();
  }
}
