package dev.threadmill.runs.store;

import dev.threadmill.api.AssistantId;
import dev.threadmill.api.RunId;
import dev.threadmill.api.ThreadId;
import dev.threadmill.api.ToolCallId;
import dev.threadmill.assistants.AgentRoutingSpec;
import dev.threadmill.tools.ToolResult;
import java.util.List;

/**
 * A tool call of a step.
 *
 * @param id ours, whatever the provider called it; sent to tools as their idempotency key
 * @param type {@code function} or a built-in tool's type
 * @param arguments JSON text as the model wrote it
 * @param output null while there is no result
 * @param executor who has to see to the result
 * @param routing where another assistant works on it; null if none does
 * @param partial what it has reported while it was executed
 * @param parts of its result that are not text; null for none
 */
public record ToolCall(
    ToolCallId id,
    String type,
    String name,
    String arguments,
    String output,
    Executor executor,
    Routing routing,
    Partial partial,
    ResultParts parts) {

  /** Who sees to the result of a call. */
  public enum Executor {
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
    public boolean awaitsClient() {
      return this == CLIENT || this == APPROVAL;
    }

    /** Whether the run need not be executed while the call is open. */
    public boolean isExternal() {
      return awaitsClient() || this == AGENT;
    }

    /** Whether the client is, or was, asked about the call. */
    public boolean involvesClient() {
      return this != SERVER && this != NOBODY && this != AGENT;
    }
  }

  /** To whom a call was routed, and the run that works on it. */
  public record Routing(
      AssistantId targetAssistantId, ThreadId threadId, RunId runId, AgentRoutingSpec.Mode mode) {}

  /**
   * What a call has told while it was executed.
   *
   * @param output the beginning of its output
   * @param progress words on how it goes
   * @param task the name under which its receiver works on it; empty if it has told none
   */
  public record Partial(String output, String progress, String task) {
    /** Nothing was told. */
    public static final Partial NONE = new Partial("", "", "");

    /** What is null was not told. */
    static Partial of(String output, String progress, String task) {
      return output == null && progress == null && task == null
          ? NONE
          : new Partial(orEmpty(output), orEmpty(progress), orEmpty(task));
    }

    private static String orEmpty(String text) {
      return text == null ? "" : text;
    }

    Partial plus(Partial more) {
      return new Partial(output + more.output, progress + more.progress, task + more.task);
    }
  }

  /** The parts of a result that are not text, and the sources that it names. */
  public record ResultParts(List<ToolResult.Detail> details, List<ToolResult.Citation> citations) {
    public ResultParts {
      details = List.copyOf(details);
      citations = List.copyOf(citations);
    }
  }

  /** A call that has its output and is read for a prompt. */
  static ToolCall completed(
      ToolCallId id, String type, String name, String arguments, String output) {
    return new ToolCall(
        id, type, name, arguments, output, Executor.CLIENT, null, Partial.NONE, null);
  }

  /** A call that the model has just begun to ask for. */
  public static ToolCall started(ToolCallId id, String type, String name) {
    return new ToolCall(id, type, name, "", null, Executor.CLIENT, null, Partial.NONE, null);
  }

  /** With its whole output, which begins with what was told of it. */
  public ToolCall withOutput(String result) {
    var whole = result.startsWith(partial.output()) ? result : partial.output() + "\n" + result;
    return new ToolCall(id, type, name, arguments, whole, executor, routing, partial, parts);
  }

  /** With these parts of its result; null for none. */
  public ToolCall withParts(ResultParts newParts) {
    return new ToolCall(id, type, name, arguments, output, executor, routing, partial, newParts);
  }

  /** With more text behind its arguments. */
  public ToolCall withMoreArguments(String more) {
    return new ToolCall(
        id, type, name, arguments + more, output, executor, routing, partial, parts);
  }

  /** The same call, executed by another. */
  public ToolCall withExecutor(Executor newExecutor) {
    return new ToolCall(id, type, name, arguments, output, newExecutor, routing, partial, parts);
  }

  /** The same call, on which another assistant works. */
  public ToolCall routedTo(Routing where) {
    return new ToolCall(id, type, name, arguments, output, Executor.AGENT, where, partial, parts);
  }

  /** With more of what is told while it is executed. */
  public ToolCall withPartial(Partial more) {
    return new ToolCall(
        id, type, name, arguments, output, executor, routing, partial.plus(more), parts);
  }

  /** Whether another assistant still works on it. */
  public boolean awaitsChildRun() {
    return isOpen() && executor == Executor.AGENT;
  }

  /** Whether it has no output yet. */
  public boolean isOpen() {
    return output == null;
  }

  /** Whether the client has to say something before the run can go on. */
  public boolean awaitsClient() {
    return isOpen() && executor.awaitsClient();
  }
}
