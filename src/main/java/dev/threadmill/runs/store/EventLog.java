package dev.threadmill.runs.store;

import java.util.ArrayList;
import java.util.List;

/**
 * The event log of a run in its stored form: the codes of its events, each followed by a blank. The
 * texts of committed events are in the rows of messages, steps and tool calls.
 */
public final class EventLog {
  private EventLog() {}

  /** The events of a stored log, without their texts. */
  public static List<RunEvent> parse(String log) {
    var events = new ArrayList<RunEvent>();
    for (var code : log.split(" ")) {
      if (!code.isEmpty()) {
        events.add(RunEvent.parse(code));
      }
    }
    return events;
  }

  /** The stored form of events. Consecutive deltas of one text become one. */
  public static String format(List<RunEvent> events) {
    return format(events, false);
  }

  /** The stored form of events of this run, which may want every delta to be kept as it is. */
  public static String format(Run run, List<RunEvent> events) {
    return format(events, run.settings().exactReplay());
  }

  private static String format(List<RunEvent> events, boolean isExact) {
    var log = new StringBuilder();
    for (int i = 0; i < events.size(); i++) {
      var event = events.get(i);
      while (!isExact
          && i + 1 < events.size()
          && merged(event, events.get(i + 1)) instanceof RunEvent both) {
        event = both;
        i++;
      }
      log.append(event.code()).append(' ');
    }
    return log.toString();
  }

  /**
   * Appends an event without its text.
   *
   * @param merge whether it is merged with the last one if both continue one text
   */
  public static void append(List<RunEvent> events, RunEvent event, boolean merge) {
    if (merge && !events.isEmpty() && merged(events.getLast(), event) instanceof RunEvent both) {
      events.set(events.size() - 1, both);
    } else {
      events.add(event.withoutText());
    }
  }

  /** By how much these events advance the position. */
  public static long length(List<RunEvent> events) {
    long length = 0;
    for (var event : events) {
      length += event.length();
    }
    return length;
  }

  /** Two deltas of one text as one without its text; null for anything else. */
  private static RunEvent merged(RunEvent first, RunEvent second) {
    return first instanceof RunEvent.Delta a
            && second instanceof RunEvent.Delta b
            && a.target().equals(b.target())
        ? new RunEvent.Delta(a.target(), a.length() + b.length(), null)
        : null;
  }
}
