package dev.threadmill.runs.store;

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
 * @param heard what it has told while it was executed
 */
public record ToolCall(
    ToolCallId id,
    String type,
    String name,
    String arguments,
    String output,
    Executor executor,
    Routing routing,
    Heard heard) {

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
    public boolean isClientsTurn() {
      return this == CLIENT || this == APPROVAL;
    }

    /** Whether the run need not be executed while the call is open. */
    public boolean isAwaited() {
      return isClientsTurn() || this == AGENT;
    }

    /** Whether the client is, or was, asked about the call. */
    public boolean isAsked() {
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
  public record Heard(String output, String progress, String task) {
    /** Nothing was told. */
    public static final Heard NONE = new Heard("", "", "");

    /** What is null was not told. */
    static Heard of(String output, String progress, String task) {
      return output == null && progress == null && task == null
          ? NONE
          : new Heard(orEmpty(output), orEmpty(progress), orEmpty(task));
    }

    private static String orEmpty(String text) {
      return text == null ? "" : text;
    }

    Heard plus(Heard more) {
      return new Heard(output + more.output, progress + more.progress, task + more.task);
    }
  }

  /** One of the texts that a call tells while it is executed. */
  public enum Part {
    OUTPUT("p", "output", "partial"),
    PROGRESS("q", "progress", "progress"),
    TASK("u", "task_id", "remote_task");

    private final String letter;
    private final String field;
    private final String column;

    Part(String letter, String field, String column) {
      this.letter = letter;
      this.field = field;
      this.column = column;
    }

    /** Its letter in the short form of events. */
    public String letter() {
      return letter;
    }

    /** The name of its field on the wire. */
    public String field() {
      return field;
    }

    /** Where it is stored while there is no result. */
    String column() {
      return column;
    }
  }

  /** A call that the model has just begun to ask for. */
  public static ToolCall begun(ToolCallId id, String type, String name) {
    return new ToolCall(id, type, name, "", null, Executor.CLIENT, null, Heard.NONE);
  }

  /** With its whole output, which begins with what was told of it. */
  public ToolCall withOutput(String result) {
    var whole = result.startsWith(heard.output()) ? result : heard.output() + "\n" + result;
    return new ToolCall(id, type, name, arguments, whole, executor, routing, heard);
  }

  /** With more text behind its arguments. */
  public ToolCall withMoreArguments(String more) {
    return new ToolCall(id, type, name, arguments + more, output, executor, routing, heard);
  }

  /** The same call, executed by another. */
  public ToolCall by(Executor newExecutor) {
    return new ToolCall(id, type, name, arguments, output, newExecutor, routing, heard);
  }

  /** The same call, on which another assistant works. */
  public ToolCall routed(Routing where) {
    return new ToolCall(id, type, name, arguments, output, Executor.AGENT, where, heard);
  }

  /** With more of what is told while it is executed. */
  public ToolCall hears(Heard more) {
    return new ToolCall(id, type, name, arguments, output, executor, routing, heard.plus(more));
  }

  /** Whether another assistant still works on it. */
  public boolean isAgentsTurn() {
    return isOpen() && executor == Executor.AGENT;
  }

  /** Whether it has no output yet. */
  public boolean isOpen() {
    return output == null;
  }

  /** Whether the client has to say something before the run can go on. */
  public boolean isClientsTurn() {
    return isOpen() && executor.isClientsTurn();
  }
}
