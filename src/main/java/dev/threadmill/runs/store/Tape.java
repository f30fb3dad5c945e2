package dev.threadmill.runs.store;

import java.util.ArrayList;
import java.util.List;

/** The events of a run in their short form, as the run's row keeps them: codes between blanks. */
public final class Tape {
  private Tape() {}

  /** The events of a stored tape. Their text stands in the rows of messages and tool calls. */
  public static List<TapeEvent> parse(String tape) {
    var events = new ArrayList<TapeEvent>();
    for (var code : tape.split(" ")) {
      if (!code.isEmpty()) {
        events.add(TapeEvent.parse(code));
      }
    }
    return events;
  }

  /** The short form of events, with pieces of the same text written as one. */
  public static String format(List<TapeEvent> events) {
    var tape = new StringBuilder();
    for (int i = 0; i < events.size(); i++) {
      var event = events.get(i);
      while (i + 1 < events.size() && joined(event, events.get(i + 1)) instanceof TapeEvent both) {
        event = both;
        i++;
      }
      tape.append(event.code()).append(' ');
    }
    return tape.toString();
  }

  /** Appends an event without its text, joined with the last one if that is possible. */
  public static void append(List<TapeEvent> events, TapeEvent event) {
    if (!events.isEmpty() && joined(events.getLast(), event) instanceof TapeEvent both) {
      events.set(events.size() - 1, both);
    } else {
      events.add(TapeEvent.parse(event.code()));
    }
  }

  /** How many places the events take up. */
  public static long length(List<TapeEvent> events) {
    long length = 0;
    for (var event : events) {
      length += event.length();
    }
    return length;
  }

  /** Two pieces of the same text as one without its text, or null if they are not. */
  private static TapeEvent joined(TapeEvent first, TapeEvent second) {
    if (first instanceof TapeEvent.TextDelta a
        && second instanceof TapeEvent.TextDelta b
        && a.step() == b.step()) {
      return new TapeEvent.TextDelta(a.step(), a.length() + b.length(), null);
    }
    if (first instanceof TapeEvent.AsideDelta a
        && second instanceof TapeEvent.AsideDelta b
        && a.step() == b.step()
        && a.voice() == b.voice()) {
      return new TapeEvent.AsideDelta(a.step(), a.voice(), a.length() + b.length(), null);
    }
    if (first instanceof TapeEvent.PieceHeard a
        && second instanceof TapeEvent.PieceHeard b
        && a.step() == b.step()
        && a.call() == b.call()
        && a.part() == b.part()) {
      return new TapeEvent.PieceHeard(a.step(), a.call(), a.part(), a.length() + b.length(), null);
    }
    if (first instanceof TapeEvent.ArgumentsDelta a
        && second instanceof TapeEvent.ArgumentsDelta b
        && a.step() == b.step()
        && a.call() == b.call()) {
      return new TapeEvent.ArgumentsDelta(a.step(), a.call(), a.length() + b.length(), null);
    }
    return null;
  }
}
