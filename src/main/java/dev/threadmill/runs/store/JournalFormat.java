package dev.threadmill.runs.store;

import java.util.List;

/** An event as the journal keeps it: its code and, unlike on the tape, its text. */
public final class JournalFormat {
  private JournalFormat() {}

  /** The code of an event and, if it has one, its text. */
  public static List<String> format(RunEvent event) {
    return switch (event) {
      case RunEvent.TextDelta delta -> List.of(event.code(), delta.text());
      case RunEvent.ArgumentsDelta delta -> List.of(event.code(), delta.text());
      case RunEvent.ReasoningDelta delta -> List.of(event.code(), delta.text());
      case RunEvent.ToolOutputDelta piece -> List.of(event.code(), piece.text());
      case RunEvent.CallStarted started -> List.of(event.code(), started.name());
      case RunEvent.CallCompleted answered -> List.of(event.code(), answered.output());
      case RunEvent.ThreadCreated _,
          RunEvent.RunStatusChanged _,
          RunEvent.StepCreated _,
          RunEvent.StepStatusChanged _,
          RunEvent.MessageStatusChanged _,
          RunEvent.CallRouted _,
          RunEvent.AttemptStarted _ ->
          List.of(event.code());
    };
  }

  /** The opposite of {@link #format}. */
  public static RunEvent parse(List<String> stored) {
    var event = RunEvent.parse(stored.getFirst());
    return switch (event) {
      case RunEvent.TextDelta(var step, var length, _) ->
          new RunEvent.TextDelta(step, length, stored.getLast());
      case RunEvent.ArgumentsDelta(var step, var call, var length, _) ->
          new RunEvent.ArgumentsDelta(step, call, length, stored.getLast());
      case RunEvent.ToolOutputDelta(var step, var call, var part, var length, _) ->
          new RunEvent.ToolOutputDelta(step, call, part, length, stored.getLast());
      case RunEvent.ReasoningDelta(var step, var voice, var length, _) ->
          new RunEvent.ReasoningDelta(step, voice, length, stored.getLast());
      case RunEvent.CallStarted(var step, var call, _) ->
          new RunEvent.CallStarted(step, call, stored.getLast());
      case RunEvent.CallCompleted(var step, var call, _) ->
          new RunEvent.CallCompleted(step, call, stored.getLast());
      case RunEvent.ThreadCreated _,
          RunEvent.RunStatusChanged _,
          RunEvent.StepCreated _,
          RunEvent.StepStatusChanged _,
          RunEvent.MessageStatusChanged _,
          RunEvent.CallRouted _,
          RunEvent.AttemptStarted _ ->
          event;
    };
  }
}
