package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The items of a response so far. Each keeps the index with which its events name it, also when an
 * earlier one is taken out of the output.
 */
final class OutputItems {
  private final List<ObjectNode> items = new ArrayList<>();
  private final Set<Integer> withdrawn = new HashSet<>();

  /** Adds an item and returns its index. */
  int add(ObjectNode item) {
    items.add(item);
    return items.size() - 1;
  }

  /** Takes an item out of the output: a call that needs no answer of the client. */
  void withdraw(int index) {
    withdrawn.add(index);
  }

  /** The output. Its items change as the response goes on. */
  ArrayNode output() {
    var output = Json.MAPPER.createArrayNode();
    for (int i = 0; i < items.size(); i++) {
      if (!withdrawn.contains(i)) {
        output.add(items.get(i));
      }
    }
    return output;
  }
}
