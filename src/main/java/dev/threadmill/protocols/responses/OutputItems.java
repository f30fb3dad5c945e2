package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;

/** The items of a response so far. */
final class OutputItems {
  private final ArrayNode items = Json.MAPPER.createArrayNode();

  /** Adds an item and returns its index. */
  int add(ObjectNode item) {
    items.add(item);
    return items.size() - 1;
  }

  /** The output. Its items change as the response goes on. */
  ArrayNode output() {
    return items;
  }
}
