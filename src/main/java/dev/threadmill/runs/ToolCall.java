package dev.threadmill.runs;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.AgentRoutingSpec;

/**
 * A tool call of a step.
 *
 * @param id ours, whatever the provider called it; sent to tools as their idempotency key
 * @param type {@code function} or a built-in tool's type
 * @param arguments JSON text as the model wrote it
 * @param output null while there is no result
 * @param executor who has to see to the result
 * @param routing where another assistant works on it; null if none does
 */
record ToolCall(
    ToolCallId id,
    String type,
    String name,
    String arguments,
    String output,
    Executor executor,
    Routing routing) {

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
    BEGUN,
    /** Another assistant, in a run of its own. */
    AGENT;

    /** Whether the run has to wait for the client while the call is open. */
    boolean isClientsTurn() {
      return this == CLIENT || this == APPROVAL;
    }

    /** Whether the run need not be executed while the call is open. */
    boolean isAwaited() {
      return isClientsTurn() || this == AGENT;
    }

    /** Whether the client is, or was, asked about the call. */
    boolean isAsked() {
      return this != SERVER && this != NOBODY && this != AGENT;
    }
  }

  /** To whom a call was routed, and the run that works on it. */
  record Routing(
      AssistantId targetAssistantId, ThreadId threadId, RunId runId, AgentRoutingSpec.Mode mode) {}

  /** A call that the model has just begun to ask for. */
  static ToolCall begun(ToolCallId id, String type, String name) {
    return new ToolCall(id, type, name, "", null, Executor.CLIENT, null);
  }

  ToolCall withOutput(String result) {
    return new ToolCall(id, type, name, arguments, result, executor, routing);
  }

  ToolCall withMoreArguments(String more) {
    return new ToolCall(id, type, name, arguments + more, output, executor, routing);
  }

  ToolCall by(Executor newExecutor) {
    return new ToolCall(id, type, name, arguments, output, newExecutor, routing);
  }

  ToolCall routed(Routing where) {
    return new ToolCall(id, type, name, arguments, output, Executor.AGENT, where);
  }

  /** Whether another assistant still works on it. */
  boolean isAgentsTurn() {
    return isOpen() && executor == Executor.AGENT;
  }

  boolean isOpen() {
    return output == null;
  }

  /** Whether the client has to say something before the run can go on. */
  boolean isClientsTurn() {
    return isOpen() && executor.isClientsTurn();
  }
}
