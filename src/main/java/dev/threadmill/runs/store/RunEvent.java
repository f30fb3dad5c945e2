package dev.threadmill.runs.store;

import java.util.regex.Pattern;

/**
 * One thing that happened in a run, in the order in which clients hear of it.
 *
 * <p>Every event takes up room on the run's tape: text as many places as it has UTF-16 units,
 * everything else one. So a place on the tape can be named between any two events and inside any
 * text, and it means the same whether the text was told in many pieces or is told again in one.
 *
 * <p>The short form ({@link #code}) is what the database keeps. Steps are named by their ordinal
 * within the run; what they contain stands in their rows.
 */
public sealed interface RunEvent {
  /** The thread was created together with the run. */
  record ThreadCreated() implements RunEvent {}

  /** The run got another status, or was created. */
  record RunStatusChanged(String state) implements RunEvent {}

  /**
   * A step was created.
   *
   * @param createdAt microseconds since the epoch
   */
  record StepCreated(int step, Step.Type type, long createdAt) implements RunEvent {}

  /** A step got another status. */
  record StepStatusChanged(int step, String state) implements RunEvent {}

  /** The message of a step was created or got another status. */
  record MessageStatusChanged(int step, String state) implements RunEvent {}

  /** More text of the step's message. The text is null where it stands in the message's row. */
  record TextDelta(int step, int length, String text) implements RunEvent {}

  /** More of what the model thought or said aside. The text is null where it stands in the step. */
  record ReasoningDelta(int step, StepReasoning.Kind kind, int length, String text)
      implements RunEvent {}

  /** The step's tool call at this place begins. The name is null where it stands in its row. */
  record CallStarted(int step, int call, String name) implements RunEvent {}

  /** More of a tool call's arguments. The text is null where it stands in the call's row. */
  record ArgumentsDelta(int step, int call, int length, String text) implements RunEvent {}

  /** The step's tool call at this place was routed. To whom is null where it stands in its row. */
  record CallRouted(int step, int call, ToolCall.Routing routing) implements RunEvent {}

  /**
   * The step's tool call at this place has told more while it is executed. The text is null where
   * it stands in the call's row.
   */
  record ToolOutputDelta(int step, int call, ToolCall.Part part, int length, String text)
      implements RunEvent {}

  /** The step's tool call at this place has its output. It is null where it stands in its row. */
  record CallCompleted(int step, int call, String output) implements RunEvent {}

  /** Another attempt took the run over: what the one before had not stored is void. */
  record AttemptStarted(int attempt) implements RunEvent {}

  /** How many places the event takes up. */
  default int length() {
    return switch (this) {
      case TextDelta delta -> delta.length();
      case ArgumentsDelta delta -> delta.length();
      case ReasoningDelta delta -> delta.length();
      case ToolOutputDelta piece -> piece.length();
      case AttemptStarted _ -> 0;
      case ThreadCreated _,
          RunStatusChanged _,
          StepCreated _,
          StepStatusChanged _,
          MessageStatusChanged _,
          CallStarted _,
          CallRouted _,
          CallCompleted _ ->
          1;
    };
  }

  /** The short form, which holds no blanks. Text is left out. */
  default String code() {
    return switch (this) {
      case ThreadCreated _ -> "T";
      case RunStatusChanged(var state) -> "R" + state;
      case StepCreated(var step, var type, var createdAt) ->
          "S" + step + (type == Step.Type.TOOL_CALLS ? "t" : "m") + createdAt;
      case StepStatusChanged(var step, var state) -> "s" + step + state;
      case MessageStatusChanged(var step, var state) -> "m" + step + state;
      case TextDelta(var step, var length, _) -> "d" + step + ":" + length;
      case ReasoningDelta(var step, var voice, var length, _) ->
          voice.letter() + step + ":" + length;
      case ToolOutputDelta(var step, var call, var part, var length, _) ->
          part.letter() + step + "." + call + ":" + length;
      case CallStarted(var step, var call, _) -> "C" + step + "." + call;
      case ArgumentsDelta(var step, var call, var length, _) ->
          "c" + step + "." + call + ":" + length;
      case CallRouted(var step, var call, _) -> "r" + step + "." + call;
      case CallCompleted(var step, var call, _) -> "o" + step + "." + call;
      case AttemptStarted(var attempt) -> "A" + attempt;
    };
  }

  /** Reads a short form. */
  static RunEvent parse(String code) {
    var parts = Codes.FORM.matcher(code);
    if (!parts.matches()) {
      throw new IllegalStateException("not an event of a tape: " + code);
    }
    int step = parts.group(2).isEmpty() ? 0 : Integer.parseInt(parts.group(2));
    int call = parts.group(3) == null ? 0 : Integer.parseInt(parts.group(3));
    int length = parts.group(4) == null ? 0 : Integer.parseInt(parts.group(4));
    var rest = parts.group(5);
    return switch (parts.group(1)) {
      case "T" -> new ThreadCreated();
      case "R" -> new RunStatusChanged(rest);
      case "S" ->
          new StepCreated(
              step,
              rest.charAt(0) == 't' ? Step.Type.TOOL_CALLS : Step.Type.MESSAGE_CREATION,
              Long.parseLong(rest.substring(1)));
      case "s" -> new StepStatusChanged(step, rest);
      case "m" -> new MessageStatusChanged(step, rest);
      case "d" -> new TextDelta(step, length, null);
      case "h" -> new ReasoningDelta(step, StepReasoning.Kind.REASONING, length, null);
      case "k" -> new ReasoningDelta(step, StepReasoning.Kind.COMMENTARY, length, null);
      case "p" -> new ToolOutputDelta(step, call, ToolCall.Part.OUTPUT, length, null);
      case "q" -> new ToolOutputDelta(step, call, ToolCall.Part.PROGRESS, length, null);
      case "u" -> new ToolOutputDelta(step, call, ToolCall.Part.TASK, length, null);
      case "C" -> new CallStarted(step, call, null);
      case "c" -> new ArgumentsDelta(step, call, length, null);
      case "r" -> new CallRouted(step, call, null);
      case "o" -> new CallCompleted(step, call, null);
      default -> new AttemptStarted(step);
    };
  }

  /** The grammar of the short forms. */
  final class Codes {
    private static final Pattern FORM =
        Pattern.compile("([TRSsmdhkpquCcroA])(\\d*)(?:\\.(\\d+))?(?::(\\d+))?(.*)");

    private Codes() {}
  }
}
