package dev.threadmill.runs.store;

import java.util.ArrayList;
import java.util.List;

/** The events of a run in their short form, as the run's row keeps them: codes between blanks. */
public final class EventLog {
  private EventLog() {}

  /** The events of a stored tape. Their text stands in the rows of messages and tool calls. */
  public static List<RunEvent> parse(String tape) {
    var events = new ArrayList<RunEvent>();
    for (var code : tape.split(" ")) {
      if (!code.isEmpty()) {
        events.add(RunEvent.parse(code));
      }
    }
    return events;
  }

  /** The short form of events, with pieces of the same text written as one. */
  public static String format(List<RunEvent> events) {
    var tape = new StringBuilder();
    for (int i = 0; i < events.size(); i++) {
      var event = events.get(i);
      while (i + 1 < events.size() && merged(event, events.get(i + 1)) instanceof RunEvent both) {
        event = both;
        i++;
      }
      tape.append(event.code()).append(' ');
    }
    return tape.toString();
  }

  /** Appends an event without its text, joined with the last one if that is possible. */
  public static void append(List<RunEvent> events, RunEvent event) {
    if (!events.isEmpty() && merged(events.getLast(), event) instanceof RunEvent both) {
      events.set(events.size() - 1, both);
    } else {
      events.add(RunEvent.parse(event.code()));
    }
  }

  /** How many places the events take up. */
  public static long length(List<RunEvent> events) {
    long length = 0;
    for (var event : events) {
      length += event.length();
    }
    return length;
  }

  /** Two pieces of the same text as one without its text, or null if they are not. */
  private static RunEvent merged(RunEvent first, RunEvent second) {
    if (first instanceof RunEvent.TextDelta a
        && second instanceof RunEvent.TextDelta b
        && a.step() == b.step()) {
      return new RunEvent.TextDelta(a.step(), a.length() + b.length(), null);
    }
    if (first instanceof RunEvent.ReasoningDelta a
        && second instanceof RunEvent.ReasoningDelta b
        && a.step() == b.step()
        && a.kind() == b.kind()) {
      return new RunEvent.ReasoningDelta(a.step(), a.kind(), a.length() + b.length(), null);
    }
    if (first instanceof RunEvent.ToolOutputDelta a
        && second instanceof RunEvent.ToolOutputDelta b
        && a.step() == b.step()
        && a.call() == b.call()
        && a.part() == b.part()) {
      return new RunEvent.ToolOutputDelta(
          a.step(), a.call(), a.part(), a.length() + b.length(), null);
    }
    if (first instanceof RunEvent.ArgumentsDelta a
        && second instanceof RunEvent.ArgumentsDelta b
        && a.step() == b.step()
        && a.call() == b.call()) {
      return new RunEvent.ArgumentsDelta(a.step(), a.call(), a.length() + b.length(), null);
    }
    return null;
  }
}
