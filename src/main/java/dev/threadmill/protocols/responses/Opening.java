package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.protocols.responses.items.InputItems;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.spec.RunOverrides;
import dev.threadmill.runs.spec.ThreadEntry;
import dev.threadmill.threads.CreateMessage;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What the run of a response does before its first model call: it lists the tools of MCP servers
 * that the chain has not been shown, and compacts a history beyond the threshold of the request.
 *
 * @param listed the labels of the servers that the chain has been shown, these included
 * @param toList the labels of those that the run lists
 * @param compactAbove how many tokens the history may have; null if it is not compacted
 * @param newTicks what the request adds to the thread behind the history that may be compacted
 * @param mayBeCompacted whether the chain or conversation has asked for compactions
 */
record Opening(
    Set<String> listed,
    List<String> toList,
    Integer compactAbove,
    int newTicks,
    boolean mayBeCompacted) {
  /** The field of a stored request for the labels of servers. */
  static final String LISTED = "listed";

  /** The field of a stored request that says that the thread may have compactions. */
  static final String COMPACTED = "compacted";

  /** The field of a stored request with the items of an earlier version that began the output. */
  static final String ITEMS = "opening";

  /** Nothing. */
  static final Opening NONE = new Opening(Set.of(), List.of(), null, 0, false);

  /**
   * The opening of a response.
   *
   * @param added the entries that the request adds to the thread behind the history
   */
  static Opening of(
      ResponseRequest request, ResponseTarget target, InputItems input, List<ThreadEntry> added) {
    var listed = new LinkedHashSet<String>();
    boolean wasCompacted = false;
    if (target.latest() != null) {
      var latest = target.latest().request();
      latest.path(LISTED).forEach(label -> listed.add(label.asText()));
      wasCompacted = target.thread() != null && latest.path(COMPACTED).asBoolean();
    }
    input.items().stream()
        .filter(item -> item.path("type").asText().equals("mcp_list_tools"))
        .forEach(item -> listed.add(item.path("server_label").asText()));
    var toList = new ArrayList<String>();
    for (var tool : request.tools().specs()) {
      if (tool instanceof ToolSpec.Mcp mcp && listed.add(mcp.mcp().serverLabel())) {
        toList.add(mcp.mcp().serverLabel());
      }
    }
    // What an unstored response leaves in a conversation has to be found without its row.
    var threshold = request.store() || target.thread() == null ? request.compactThreshold() : null;
    return new Opening(
        listed,
        toList,
        threshold,
        added.stream().mapToInt(ThreadEntry::ticks).sum(),
        wasCompacted || threshold != null);
  }

  /** Of a history that the client sends, what stands behind the last answer is new. */
  static List<ThreadEntry> behindLastAnswer(List<ThreadEntry> entries) {
    int from = entries.size();
    while (from > 0
        && entries.get(from - 1) instanceof ThreadEntry.OfMessage(var message)
        && message.role() == CreateMessage.Role.USER) {
      from--;
    }
    return entries.subList(from, entries.size());
  }

  /** Has the run begin with it. */
  void addTo(RunOverrides.Builder overrides) {
    overrides.opening(toList, compactAbove, newTicks, mayBeCompacted);
  }

  /** Adds what has to be known of it later to what a response stores of its request. */
  ObjectNode addTo(ObjectNode echo) {
    if (!listed.isEmpty()) {
      echo.set(LISTED, Json.MAPPER.valueToTree(listed));
    }
    if (mayBeCompacted) {
      echo.put(COMPACTED, true);
    }
    return echo;
  }
}
