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
public sealed interface TapeEvent {
  /** The thread was created together with the run. */
  record ThreadCreated() implements TapeEvent {}

  /** The run got another status, or was created. */
  record RunIs(String state) implements TapeEvent {}

  /**
   * A step was created.
   *
   * @param createdAt microseconds since the epoch
   */
  record StepCreated(int step, Step.Type type, long createdAt) implements TapeEvent {}

  /** A step got another status. */
  record StepIs(int step, String state) implements TapeEvent {}

  /** The message of a step was created or got another status. */
  record MessageIs(int step, String state) implements TapeEvent {}

  /** More text of the step's message. The text is null where it stands in the message's row. */
  record TextDelta(int step, int length, String text) implements TapeEvent {}

  /** More of what the model thought or said aside. The text is null where it stands in the step. */
  record AsideDelta(int step, Aside.Voice voice, int length, String text) implements TapeEvent {}

  /** The step's tool call at this place begins. The name is null where it stands in its row. */
  record CallStarted(int step, int call, String name) implements TapeEvent {}

  /** More of a tool call's arguments. The text is null where it stands in the call's row. */
  record ArgumentsDelta(int step, int call, int length, String text) implements TapeEvent {}

  /** The step's tool call at this place was routed. To whom is null where it stands in its row. */
  record CallRouted(int step, int call, ToolCall.Routing routing) implements TapeEvent {}

  /**
   * The step's tool call at this place has told more while it is executed. The text is null where
   * it stands in the call's row.
   */
  record PieceHeard(int step, int call, ToolCall.Part part, int length, String text)
      implements TapeEvent {}

  /** The step's tool call at this place has its output. It is null where it stands in its row. */
  record CallAnswered(int step, int call, String output) implements TapeEvent {}

  /** Another attempt took the run over: what the one before had not stored is void. */
  record AttemptBegan(int attempt) implements TapeEvent {}

  /** How many places the event takes up. */
  default int length() {
    return switch (this) {
      case TextDelta delta -> delta.length();
      case ArgumentsDelta delta -> delta.length();
      case AsideDelta delta -> delta.length();
      case PieceHeard piece -> piece.length();
      case AttemptBegan _ -> 0;
      case ThreadCreated _,
          RunIs _,
          StepCreated _,
          StepIs _,
          MessageIs _,
          CallStarted _,
          CallRouted _,
          CallAnswered _ ->
          1;
    };
  }

  /** The short form, which holds no blanks. Text is left out. */
  default String code() {
    return switch (this) {
      case ThreadCreated _ -> "T";
      case RunIs(var state) -> "R" + state;
      case StepCreated(var step, var type, var createdAt) ->
          "S" + step + (type == Step.Type.TOOL_CALLS ? "t" : "m") + createdAt;
      case StepIs(var step, var state) -> "s" + step + state;
      case MessageIs(var step, var state) -> "m" + step + state;
      case TextDelta(var step, var length, _) -> "d" + step + ":" + length;
      case AsideDelta(var step, var voice, var length, _) -> voice.letter() + step + ":" + length;
      case PieceHeard(var step, var call, var part, var length, _) ->
          part.letter() + step + "." + call + ":" + length;
      case CallStarted(var step, var call, _) -> "C" + step + "." + call;
      case ArgumentsDelta(var step, var call, var length, _) ->
          "c" + step + "." + call + ":" + length;
      case CallRouted(var step, var call, _) -> "r" + step + "." + call;
      case CallAnswered(var step, var call, _) -> "o" + step + "." + call;
      case AttemptBegan(var attempt) -> "A" + attempt;
    };
  }

  /** Reads a short form. */
  static TapeEvent parse(String code) {
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
      case "R" -> new RunIs(rest);
      case "S" ->
          new StepCreated(
              step,
              rest.charAt(0) == 't' ? Step.Type.TOOL_CALLS : Step.Type.MESSAGE_CREATION,
              Long.parseLong(rest.substring(1)));
      case "s" -> new StepIs(step, rest);
      case "m" -> new MessageIs(step, rest);
      case "d" -> new TextDelta(step, length, null);
      case "h" -> new AsideDelta(step, Aside.Voice.REASONING, length, null);
      case "k" -> new AsideDelta(step, Aside.Voice.COMMENTARY, length, null);
      case "p" -> new PieceHeard(step, call, ToolCall.Part.OUTPUT, length, null);
      case "q" -> new PieceHeard(step, call, ToolCall.Part.PROGRESS, length, null);
      case "u" -> new PieceHeard(step, call, ToolCall.Part.TASK, length, null);
      case "C" -> new CallStarted(step, call, null);
      case "c" -> new ArgumentsDelta(step, call, length, null);
      case "r" -> new CallRouted(step, call, null);
      case "o" -> new CallAnswered(step, call, null);
      default -> new AttemptBegan(step);
    };
  }

  /** The grammar of the short forms. */
  final class Codes {
    private static final Pattern FORM =
        Pattern.compile("([TRSsmdhkpquCcroA])(\\d*)(?:\\.(\\d+))?(?::(\\d+))?(.*)");

    private Codes() {}
  }
}
