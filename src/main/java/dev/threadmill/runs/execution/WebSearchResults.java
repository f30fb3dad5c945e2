package dev.threadmill.runs.execution;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.assistants.WebSearchSpec;
import dev.threadmill.runs.store.ToolCall;
import dev.threadmill.tools.ToolResult;
import java.util.Map;

/** The query and the results of a search of the web, as a step shows them. */
final class WebSearchResults {
  private WebSearchResults() {}

  /** What a step shows; nothing while there is no result. */
  static Object of(ToolCall call) {
    if (call.parts() == null) {
      return Map.of();
    }
    return call.parts().details().stream()
        .filter(detail -> detail.type().equals(WebSearchSpec.TYPE))
        .map(ToolResult.Detail::data)
        .<Object>map(JsonNode::deepCopy)
        .findFirst()
        .orElseGet(Map::of);
  }
}
