package dev.threadmill.runs.store;

import java.util.List;

/** An event as the journal keeps it: its code and, unlike on the tape, its text. */
public final class JournalEvent {
  private JournalEvent() {}

  /** The code of an event and, if it has one, its text. */
  public static List<String> format(TapeEvent event) {
    return switch (event) {
      case TapeEvent.TextDelta delta -> List.of(event.code(), delta.text());
      case TapeEvent.ArgumentsDelta delta -> List.of(event.code(), delta.text());
      case TapeEvent.AsideDelta delta -> List.of(event.code(), delta.text());
      case TapeEvent.PieceHeard piece -> List.of(event.code(), piece.text());
      case TapeEvent.CallStarted started -> List.of(event.code(), started.name());
      case TapeEvent.CallAnswered answered -> List.of(event.code(), answered.output());
      case TapeEvent.ThreadCreated _,
          TapeEvent.RunIs _,
          TapeEvent.StepCreated _,
          TapeEvent.StepIs _,
          TapeEvent.MessageIs _,
          TapeEvent.CallRouted _,
          TapeEvent.AttemptBegan _ ->
          List.of(event.code());
    };
  }

  /** The opposite of {@link #format}. */
  public static TapeEvent parse(List<String> stored) {
    var event = TapeEvent.parse(stored.getFirst());
    return switch (event) {
      case TapeEvent.TextDelta(var step, var length, _) ->
          new TapeEvent.TextDelta(step, length, stored.getLast());
      case TapeEvent.ArgumentsDelta(var step, var call, var length, _) ->
          new TapeEvent.ArgumentsDelta(step, call, length, stored.getLast());
      case TapeEvent.PieceHeard(var step, var call, var part, var length, _) ->
          new TapeEvent.PieceHeard(step, call, part, length, stored.getLast());
      case TapeEvent.AsideDelta(var step, var voice, var length, _) ->
          new TapeEvent.AsideDelta(step, voice, length, stored.getLast());
      case TapeEvent.CallStarted(var step, var call, _) ->
          new TapeEvent.CallStarted(step, call, stored.getLast());
      case TapeEvent.CallAnswered(var step, var call, _) ->
          new TapeEvent.CallAnswered(step, call, stored.getLast());
      case TapeEvent.ThreadCreated _,
          TapeEvent.RunIs _,
          TapeEvent.StepCreated _,
          TapeEvent.StepIs _,
          TapeEvent.MessageIs _,
          TapeEvent.CallRouted _,
          TapeEvent.AttemptBegan _ ->
          event;
    };
  }
}
