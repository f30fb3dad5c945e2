package dev.threadmill.runs.streams;

import dev.threadmill.api.ApiException;
import dev.threadmill.runs.execution.EventId;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * The SSE id of an event in the stream of a tree of runs: the position in the run at the top, and
 * in each run below that has not ended, or whose output the run above has not received yet.
 *
 * @param below by the path of calls that leads to a run: {@code 2.0/1.1} is the second call of the
 *     first step of the run that the first call of the second step has started
 */
record NestedEventId(EventId top, Map<String, EventId> below) {
  static final NestedEventId START = new NestedEventId(EventId.START, Map.of());

  private static final Pattern PATH = Pattern.compile("\\d{1,9}\\.\\d{1,9}(/\\d{1,9}\\.\\d{1,9})*");

  /**
   * Reads a {@code Last-Event-ID}, which may also be the id of an event of the run alone.
   *
   * @throws ApiException 400 if it is not the id of an event
   */
  static NestedEventId parse(String text) {
    var parts = text.split(",");
    var below = new LinkedHashMap<String, EventId>();
    for (int i = 1; i < parts.length; i++) {
      int colon = parts[i].indexOf(':');
      if (colon < 0 || !PATH.matcher(parts[i].substring(0, colon)).matches()) {
        throw ApiException.invalid(
            "Last-Event-ID", "Invalid 'Last-Event-ID': expected the id of an event of this run.");
      }
      below.put(parts[i].substring(0, colon), EventId.parse(parts[i].substring(colon + 1)));
    }
    return new NestedEventId(EventId.parse(parts.length == 0 ? "" : parts[0]), below);
  }
}
