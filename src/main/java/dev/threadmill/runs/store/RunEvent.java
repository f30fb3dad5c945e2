package dev.threadmill.runs.store;

import dev.threadmill.threads.Annotation;
import java.util.Arrays;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * An event of a run, in the order in which clients receive them.
 *
 * <p>Each event advances the position in the run's event log: a delta by the length of its text in
 * UTF-16 units, the start of an attempt by 0, anything else by 1. So a position names a place
 * between any two events and inside any text, and stays valid however the text is split into
 * deltas.
 *
 * <p>The database keeps the code of each event ({@link #code}). Steps are named by their ordinal in
 * the run; their contents are in their rows.
 */
public sealed interface RunEvent {
  /** The thread was created together with the run. */
  record ThreadCreated() implements RunEvent {}

  /**
   * The run was created or changed its status.
   *
   * @param state {@code created}, or the status on the wire
   */
  record RunStatusChanged(String state) implements RunEvent {
    private static final Set<String> TERMINAL =
        Arrays.stream(RunStatus.values())
            .filter(RunStatus::isTerminal)
            .map(RunStatus::wire)
            .collect(Collectors.toUnmodifiableSet());
    private static final String PAUSE = RunStatus.REQUIRES_ACTION.wire();

    /** Whether the run has ended. */
    public boolean isTerminal() {
      return TERMINAL.contains(state);
    }

    /** Whether the run waits for its client. */
    public boolean isPause() {
      return PAUSE.equals(state);
    }
  }

  /**
   * A step was created.
   *
   * @param createdAt microseconds since the epoch
   */
  record StepCreated(int step, Step.Type type, long createdAt) implements RunEvent {}

  /** A step changed its status. */
  record StepStatusChanged(int step, String state) implements RunEvent {}

  /** The message of a step was created or changed its status. */
  record MessageStatusChanged(int step, String state) implements RunEvent {}

  /**
   * More of a text.
   *
   * @param length of the piece in UTF-16 units
   * @param text the piece; null where the text is in the row of its message, step or call
   */
  record Delta(DeltaTarget target, int length, String text) implements RunEvent {
    /** A delta with its text. */
    public static Delta of(DeltaTarget target, String text) {
      return new Delta(target, text.length(), text);
    }
  }

  /**
   * The text of the step's message got this annotation, the first one with the index 0. It is null
   * where it is in the message's row.
   */
  record AnnotationAdded(int step, int index, Annotation annotation) implements RunEvent {}

  /** The step's message got an image: its part with this index. */
  record ImageAdded(int step, int index) implements RunEvent {}

  /** The call at this index of the step starts. The name is null where it is in the call's row. */
  record CallStarted(int step, int call, String name) implements RunEvent {}

  /**
   * The call at this index of the step was routed to another assistant. The routing is null where
   * it is in the call's row.
   */
  record CallRouted(int step, int call, ToolCall.Routing routing) implements RunEvent {}

  /**
   * The call at this index of the step has its output, which is null where it is in the call's row.
   */
  record CallCompleted(int step, int call, String output) implements RunEvent {}

  /** Another attempt took over the run: what the one before had not committed is void. */
  record AttemptStarted(int attempt) implements RunEvent {}

  /** By how much the event advances the position in the log. */
  default int length() {
    return switch (this) {
      case Delta delta -> delta.length();
      case AttemptStarted _ -> 0;
      case ThreadCreated _,
          RunStatusChanged _,
          StepCreated _,
          StepStatusChanged _,
          MessageStatusChanged _,
          AnnotationAdded _,
          ImageAdded _,
          CallStarted _,
          CallRouted _,
          CallCompleted _ ->
          1;
    };
  }

  /** The code of the event, which contains no blanks and no text. */
  default String code() {
    return switch (this) {
      case ThreadCreated _ -> "T";
      case RunStatusChanged(var state) -> "R" + state;
      case StepCreated(var step, var type, var createdAt) ->
          "S" + step + (type == Step.Type.TOOL_CALLS ? "t" : "m") + createdAt;
      case StepStatusChanged(var step, var state) -> "s" + step + state;
      case MessageStatusChanged(var step, var state) -> "m" + step + state;
      case Delta(var target, var length, _) -> target.code() + ":" + length;
      case AnnotationAdded(var step, var index, _) -> "n" + step + "." + index;
      case ImageAdded(var step, var index) -> "i" + step + "." + index;
      case CallStarted(var step, var call, _) -> "C" + step + "." + call;
      case CallRouted(var step, var call, _) -> "r" + step + "." + call;
      case CallCompleted(var step, var call, _) -> "o" + step + "." + call;
      case AttemptStarted(var attempt) -> "A" + attempt;
    };
  }

  /** The event without the text that its rows hold once it is committed. */
  default RunEvent withoutText() {
    return switch (this) {
      case Delta(var target, var length, _) -> new Delta(target, length, null);
      case AnnotationAdded(var step, var index, _) -> new AnnotationAdded(step, index, null);
      case CallStarted(var step, var call, _) -> new CallStarted(step, call, null);
      case CallRouted(var step, var call, _) -> new CallRouted(step, call, null);
      case CallCompleted(var step, var call, _) -> new CallCompleted(step, call, null);
      case ThreadCreated _,
          RunStatusChanged _,
          StepCreated _,
          StepStatusChanged _,
          MessageStatusChanged _,
          ImageAdded _,
          AttemptStarted _ ->
          this;
    };
  }

  /**
   * Reads a code.
   *
   * @throws IllegalStateException if it is none
   */
  static RunEvent parse(String code) {
    var parts = Codes.FORM.matcher(code);
    if (!parts.matches()) {
      throw new IllegalStateException("not the code of a run event: " + code);
    }
    int step = parts.group(2).isEmpty() ? 0 : Integer.parseInt(parts.group(2));
    var place = parts.group(3) == null ? null : Integer.valueOf(parts.group(3));
    int call = place == null ? 0 : place;
    var rest = parts.group(5);
    char kind = code.charAt(0);
    var target = DeltaTarget.ofCode(kind, step, place);
    if (target != null && rest.isEmpty()) {
      int length = parts.group(4) == null ? 0 : Integer.parseInt(parts.group(4));
      return new Delta(target, length, null);
    }
    return switch (kind) {
      case 'T' -> new ThreadCreated();
      case 'R' -> new RunStatusChanged(rest);
      case 'S' ->
          new StepCreated(
              step,
              rest.charAt(0) == 't' ? Step.Type.TOOL_CALLS : Step.Type.MESSAGE_CREATION,
              Long.parseLong(rest.substring(1)));
      case 's' -> new StepStatusChanged(step, rest);
      case 'm' -> new MessageStatusChanged(step, rest);
      case 'n' -> new AnnotationAdded(step, call, null);
      case 'i' -> new ImageAdded(step, call);
      case 'C' -> new CallStarted(step, call, null);
      case 'r' -> new CallRouted(step, call, null);
      case 'o' -> new CallCompleted(step, call, null);
      case 'A' -> new AttemptStarted(step);
      default -> throw new IllegalStateException("not the code of a run event: " + code);
    };
  }

  /** The grammar of codes. */
  final class Codes {
    private static final Pattern FORM =
        Pattern.compile("([A-Za-z])(\\d*)(?:\\.(\\d+))?(?::(\\d+))?(.*)");

    private Codes() {}
  }
}
