package dev.threadmill.runs.store;

import dev.threadmill.threads.ContentPart;
import dev.threadmill.threads.Message;

/**
 * The texts of a run that clients receive in pieces. The event log, the journal, streams and
 * replays take all they need to know about one from its entry. A new text also needs a place where
 * it is stored: {@link StepReasoning} for a text of a step, {@link ToolCall.Partial} for one of a
 * call. Codes are part of the stored format: a released one never changes.
 */
public enum StreamedText {
  /** The text of a step's message. */
  MESSAGE('d', Scope.MESSAGE, "text", null) {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      return message == null ? null : ContentPart.textOf(message.content());
    }
  },
  /**
   * The refusal in a step's message. Its code is that of the message with the place of the part
   * behind it, see {@link DeltaTarget}: a node of an earlier version reads it as more of the
   * message.
   */
  REFUSAL('d', Scope.MESSAGE, "refusal", null) {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      return message == null ? null : ContentPart.refusalOf(message.content());
    }
  },
  /** The reasoning of the model that clients may see. */
  REASONING('h', Scope.STEP, "reasoning", null) {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      return step.reasoning().reasoning();
    }
  },
  /** Text that accompanies tool calls where only the final answer becomes a message. */
  COMMENTARY('k', Scope.STEP, "commentary", null) {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      return step.reasoning().commentary();
    }
  },
  /** The arguments of a tool call. */
  ARGUMENTS('c', Scope.CALL, "arguments", null) {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      return call == null ? null : call.arguments();
    }
  },
  /** The output of a tool call that streams it. */
  OUTPUT('p', Scope.CALL, "output", "partial") {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      if (call == null) {
        return null;
      }
      return call.isOpen() ? call.partial().output() : call.output();
    }
  },
  /** Progress reports of a tool call. */
  PROGRESS('q', Scope.CALL, "progress", "progress") {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      return call == null ? null : call.partial().progress();
    }
  },
  /** The id of the task that a remote agent works on for a tool call. */
  TASK('u', Scope.CALL, "task_id", "remote_task") {
    @Override
    public String stored(Step step, Message message, ToolCall call) {
      return call == null ? null : call.partial().task();
    }
  };

  /** What a text belongs to, which decides how its deltas look on the wire. */
  public enum Scope {
    /** The message of a step: deltas are {@code thread.message.delta}. */
    MESSAGE,
    /** A step: deltas are {@code thread.run.step.delta} with a field of their own. */
    STEP,
    /** A tool call of a step: deltas are {@code thread.run.step.delta} of that call. */
    CALL
  }

  private static final StreamedText[] BY_CODE = new StreamedText[128];

  static {
    for (var text : values()) {
      if (text == REFUSAL) {
        continue;
      }
      if (BY_CODE[text.code] != null) {
        throw new IllegalStateException("Two streamed texts have the code " + text.code);
      }
      BY_CODE[text.code] = text;
    }
  }

  private final char code;
  private final Scope scope;
  private final String field;
  private final String column;

  StreamedText(char code, Scope scope, String field, String column) {
    this.code = code;
    this.scope = scope;
    this.field = field;
    this.column = column;
  }

  /**
   * The text of that code in the event log; null if there is none. {@link #REFUSAL} is told apart
   * by its place.
   */
  static StreamedText ofCode(char code) {
    return code < BY_CODE.length ? BY_CODE[code] : null;
  }

  /** Its code in the event log. */
  char code() {
    return code;
  }

  /** What the text belongs to. */
  public Scope scope() {
    return scope;
  }

  /** The name of its field on the wire. */
  public String field() {
    return field;
  }

  /**
   * The column of {@code tool_calls} that holds the text while the call has no output; null for
   * texts that are stored only when their step is.
   */
  String partialColumn() {
    return column;
  }

  /**
   * The whole text as the database has it.
   *
   * @param message of the step; null if it has none, or it was deleted
   * @param call null for a text that belongs to no call, or if the call is not stored yet
   * @return null if the text is not stored
   */
  public abstract String stored(Step step, Message message, ToolCall call);
}
