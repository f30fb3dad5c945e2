package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.memory.RecordSummary;
import dev.threadmill.runs.api.ThreadItems;
import dev.threadmill.runs.spec.ThreadEntry;
import java.util.List;
import java.util.Set;

/**
 * What precedes the run of a response.
 *
 * @param items items of the output that come before those of the run
 * @param listed the labels of the MCP servers whose tools the chain has been shown
 * @param entries what the thread of the run gets if its history was compacted: the summary, and
 *     what follows it; null if it was not
 * @param summary that replaces the history; null if it was not compacted
 * @param covered the messages of the thread that the summary stands for; null if it was not
 *     compacted, or is stored nowhere, or goes to a new thread
 * @param window how many messages of its thread the run is shown; null for all that fit
 * @param extent of the thread for which the summary and the window were made; null if there are
 *     none
 */
record Opening(
    ArrayNode items,
    Set<String> listed,
    List<ThreadEntry> entries,
    String summary,
    RecordSummary.Covered covered,
    Integer window,
    ThreadItems.Extent extent) {
  static final String COMPACTED = "compacted";
  static final String LISTED = "listed";
  static final String ITEMS = "opening";

  /** Nothing. */
  static Opening none() {
    return new Opening(Json.MAPPER.createArrayNode(), Set.of(), null, null, null, null, null);
  }

  boolean isCompacted() {
    return summary != null;
  }

  /** Adds what has to be known of it later to what a response stores of its request. */
  ObjectNode addTo(ObjectNode echo, boolean isInThread) {
    if (!items.isEmpty()) {
      echo.set(ITEMS, items);
    }
    if (!listed.isEmpty()) {
      echo.set(LISTED, Json.MAPPER.valueToTree(listed));
    }
    if (isInThread && (isCompacted() || window != null)) {
      echo.put(COMPACTED, true);
    }
    return echo;
  }
}
