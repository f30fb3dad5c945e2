package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The content blocks of a response of Claude while they arrive: gives them the indexes that are
 * missing, and the input of a call as a piece where it came with the beginning of its block.
 */
final class ClaudeBlocks {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MAX_BLOCKS = 10_000;

  private final Map<Integer, JsonNode> inputs = new HashMap<>();
  private final Set<Integer> withPieces = new HashSet<>();
  private int next;
  private int last;

  /** The events that stand for this one. */
  List<ObjectNode> of(ObjectNode event) {
    return switch (event.path("type").asText()) {
      case "content_block_start" -> start(event);
      case "content_block_delta" -> piece(event);
      case "content_block_stop" -> stop(event);
      default -> List.of(event);
    };
  }

  private List<ObjectNode> start(ObjectNode event) {
    last = event.path("index").asInt(next);
    next = Math.max(next, last) + 1;
    event.put("index", last);
    var input = event.path("content_block").path("input");
    if (input.isObject() && !input.isEmpty() && inputs.size() < MAX_BLOCKS) {
      inputs.put(last, input);
    }
    return List.of(event);
  }

  private List<ObjectNode> piece(ObjectNode event) {
    int index = event.path("index").asInt(last);
    event.put("index", index);
    if (!event.path("delta").path("partial_json").asText("").isBlank()) {
      withPieces.add(index);
    }
    return List.of(event);
  }

  private List<ObjectNode> stop(ObjectNode event) {
    int index = event.path("index").asInt(last);
    event.put("index", index);
    var input = inputs.remove(index);
    return input == null || withPieces.contains(index)
        ? List.of(event)
        : List.of(inputPiece(index, input), event);
  }

  private static ObjectNode inputPiece(int index, JsonNode input) {
    var piece = JSON.objectNode().put("type", "content_block_delta").put("index", index);
    piece.putObject("delta").put("type", "input_json_delta").put("partial_json", input.toString());
    return piece;
  }

  /** The events of a message that came as a whole; empty if this is none. */
  static List<ObjectNode> eventsOf(JsonNode message) {
    if (!message.path("type").asText().equals("message") || !message.path("content").isArray()) {
      return List.of();
    }
    var events = new ArrayList<ObjectNode>();
    var start = JSON.objectNode().put("type", "message_start");
    start.set("message", message);
    events.add(start);
    for (int i = 0; i < message.path("content").size(); i++) {
      if (message.path("content").get(i) instanceof ObjectNode block) {
        events.addAll(eventsOf(i, block.deepCopy()));
      }
    }
    var end = JSON.objectNode().put("type", "message_delta");
    end.putObject("delta").set("stop_reason", message.path("stop_reason"));
    end.set("usage", message.path("usage"));
    events.add(end);
    events.add(JSON.objectNode().put("type", "message_stop"));
    return events;
  }

  private static List<ObjectNode> eventsOf(int index, ObjectNode block) {
    var events = new ArrayList<ObjectNode>();
    var start = JSON.objectNode().put("type", "content_block_start").put("index", index);
    events.add(start);
    for (var field : List.of("text", "thinking", "signature")) {
      if (!block.path(field).asText("").isEmpty()) {
        var piece = JSON.objectNode().put("type", "content_block_delta").put("index", index);
        piece.putObject("delta").put("type", field + "_delta").set(field, block.get(field));
        block.put(field, "");
        events.add(piece);
      }
    }
    start.set("content_block", block);
    events.add(JSON.objectNode().put("type", "content_block_stop").put("index", index));
    return events;
  }
}
