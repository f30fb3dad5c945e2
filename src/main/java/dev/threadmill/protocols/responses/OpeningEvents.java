package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.protocols.responses.items.ItemIds;
import java.util.function.UnaryOperator;

/** The events of items that no run makes: lists of the tools of MCP servers, and compactions. */
final class OpeningEvents {
  private static final String MCP_LIST = "response.mcp_list_tools.";

  private final EventWriter writer;
  private final OutputItems output;
  private final UnaryOperator<String> sealSummary;

  OpeningEvents(EventWriter writer, OutputItems output, UnaryOperator<String> sealSummary) {
    this.writer = writer;
    this.output = output;
    this.sealSummary = sealSummary;
  }

  /** An item that is known whole before the run begins. */
  void item(JsonNode stored) {
    var item = (ObjectNode) stored.deepCopy();
    int index = output.add(item);
    if (item.path("type").asText().equals("mcp_list_tools")) {
      var empty = item.deepCopy();
      empty.putArray("tools");
      write("added", index, empty);
      var at =
          EventWriter.event().put("item_id", item.path("id").asText()).put("output_index", index);
      writer.write(MCP_LIST + "in_progress", at);
      writer.write(MCP_LIST + (item.path("error").isNull() ? "completed" : "failed"), at);
    } else {
      write("added", index, item);
    }
    write("done", index, item);
  }

  private void write(String name, int index, ObjectNode item) {
    var fields = EventWriter.event().put("output_index", index);
    fields.set("item", item.deepCopy());
    writer.write("response.output_item." + name, fields);
  }

  /** A summary that the run has written. */
  void compaction(String message, String summary) {
    item(
        Json.MAPPER
            .createObjectNode()
            .put("id", ItemIds.with(ItemIds.COMPACTION, message))
            .put("type", "compaction")
            .put("encrypted_content", sealSummary.apply(summary)));
  }
}
