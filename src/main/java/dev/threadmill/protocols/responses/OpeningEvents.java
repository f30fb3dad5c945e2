package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.items.ItemObjects;
import dev.threadmill.runs.api.RunItem;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The events of what a run does before its first model call: lists of the tools of MCP servers, and
 * compactions.
 */
final class OpeningEvents {
  private static final String MCP_LIST = "response.mcp_list_tools.";

  private final EventWriter writer;
  private final OutputItems output;
  private final UnaryOperator<String> sealSummary;
  private final Map<String, Listing> listings = new HashMap<>();

  OpeningEvents(EventWriter writer, OutputItems output, UnaryOperator<String> sealSummary) {
    this.writer = writer;
    this.output = output;
    this.sealSummary = sealSummary;
  }

  private record Listing(int index, ObjectNode item) {}

  /** Whether a call is one of these. */
  static boolean isOf(RunItem.Call call) {
    return call.type().equals(ItemObjects.MCP_LIST_TOOLS)
        || call.type().equals(ItemObjects.COMPACTION);
  }

  /** A call starts. A compaction is shown once it is there. */
  void started(RunItem.Call call) {
    if (call.type().equals(ItemObjects.MCP_LIST_TOOLS) && !listings.containsKey(id(call))) {
      var item = ItemObjects.mcpListTools(id(call), call.name(), null);
      int index = output.add(item);
      listings.put(id(call), new Listing(index, item));
      write("added", index, item);
      writer.write(MCP_LIST + "in_progress", at(index, item));
    }
  }

  /** A call ends. */
  void ended(RunItem.Call call) {
    boolean isComplete = call.status() == RunItem.Status.COMPLETED;
    if (call.type().equals(ItemObjects.COMPACTION)) {
      if (isComplete && call.output() != null && !call.output().isEmpty()) {
        compaction(id(call), call.output());
      }
      return;
    }
    started(call);
    var listing = listings.remove(id(call));
    var item = listing.item();
    item.setAll(ItemObjects.mcpListTools(id(call), call.name(), isComplete ? call.output() : ""));
    var how = item.path("error").isNull() ? "completed" : "failed";
    writer.write(MCP_LIST + how, at(listing.index(), item));
    write("done", listing.index(), item);
  }

  private static String id(RunItem.Call call) {
    return call.place().id();
  }

  private static ObjectNode at(int index, ObjectNode item) {
    return EventWriter.event().put("item_id", item.path("id").asText()).put("output_index", index);
  }

  private void write(String name, int index, ObjectNode item) {
    var fields = EventWriter.event().put("output_index", index);
    fields.set("item", item.deepCopy());
    writer.write("response.output_item." + name, fields);
  }

  /** An item that an earlier version has stored whole before the run began. */
  void stored(JsonNode whole) {
    var item = (ObjectNode) whole.deepCopy();
    int index = output.add(item);
    if (item.path("type").asText().equals(ItemObjects.MCP_LIST_TOOLS)) {
      var empty = item.deepCopy();
      empty.putArray("tools");
      write("added", index, empty);
      writer.write(MCP_LIST + "in_progress", at(index, item));
      var how = item.path("error").isNull() ? "completed" : "failed";
      writer.write(MCP_LIST + how, at(index, item));
    } else {
      write("added", index, item);
    }
    write("done", index, item);
  }

  /**
   * A summary that the run has written.
   *
   * @param id of what has it as its text
   */
  void compaction(String id, String summary) {
    var item =
        Json.MAPPER
            .createObjectNode()
            .put("id", ItemIds.with(ItemIds.COMPACTION, id))
            .put("type", ItemObjects.COMPACTION)
            .put("encrypted_content", sealSummary.apply(summary));
    int index = output.add(item);
    write("added", index, item);
    write("done", index, item);
  }
}
