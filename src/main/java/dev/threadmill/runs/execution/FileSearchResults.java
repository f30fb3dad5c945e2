package dev.threadmill.runs.execution;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.assistants.ToolSpec;
import dev.threadmill.runs.store.ToolCall;
import java.util.Map;
import java.util.Optional;

/** The results of a file search, as they are stored and as a step shows them. */
final class FileSearchResults {
  private FileSearchResults() {}

  /** The stored results: {@code ranking_options} and {@code results}; empty if there are none. */
  static Optional<JsonNode> stored(ToolCall call) {
    return call.parts() == null
        ? Optional.empty()
        : call.parts().details().stream()
            .filter(detail -> detail.type().equals(ToolSpec.FileSearch.TYPE))
            .map(detail -> detail.data())
            .findFirst();
  }

  /** What a step shows. */
  static Object of(ToolCall call, boolean withContents) {
    return stored(call)
        .<Object>map(data -> withContents ? data : withoutContents(data))
        .orElseGet(Map::of);
  }

  private static JsonNode withoutContents(JsonNode data) {
    JsonNode copy = data.deepCopy();
    for (var result : copy.path("results")) {
      if (result instanceof ObjectNode object) {
        object.remove("content");
      }
    }
    return copy;
  }
}
