package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.protocols.responses.items.SourceNames;
import dev.threadmill.protocols.responses.request.Include;
import dev.threadmill.tools.ToolResult;
import java.util.List;

/** What calls of the server have found or printed, which is shown if the client includes it. */
final class CallResults {
  private CallResults() {}

  /**
   * The results of a file search.
   *
   * @param names takes the names of the files
   */
  static ArrayNode ofSearch(List<ToolResult.Detail> details, SourceNames names) {
    var results = Json.MAPPER.createArrayNode();
    for (var detail : details) {
      for (var found : detail.data().path("results")) {
        var file = found.path("file_id").asText();
        var name = found.path("file_name").asText(file);
        names.filenames().put(file, name);
        var result = results.addObject().put("file_id", file);
        result.put("filename", name).put("score", found.path("score").asDouble());
        var text = new StringBuilder();
        found.path("content").forEach(part -> text.append(part.path("text").asText()));
        result.put("text", text.toString());
        result.set("attributes", found.path("attributes"));
      }
    }
    return results;
  }

  /** What code has printed, and the pictures that it has shown, which are files of the project. */
  static ArrayNode ofCode(String output, List<ToolResult.Detail> details) {
    var outputs = Json.MAPPER.createArrayNode();
    outputs.addObject().put("type", "logs").put("logs", output);
    for (var detail : details) {
      var file = detail.data().path("file_id");
      if (detail.type().equals("image") && file.isTextual()) {
        outputs
            .addObject()
            .put("type", "image")
            .put("url", "/v1/files/" + file.textValue() + "/content");
      }
    }
    return outputs;
  }

  /** Adds what a search of the web has found to its item, as far as the client includes it. */
  static void addWebSearch(ObjectNode item, List<ToolResult.Detail> details, Include include) {
    for (var detail : details) {
      var found = detail.data().path("results");
      if (include.webSearchSources()) {
        var sources = item.withObject("/action").putArray("sources");
        found.forEach(
            page -> sources.addObject().put("type", "url").put("url", page.path("url").asText()));
      }
      if (include.webSearchResults()) {
        item.set("results", found);
      }
    }
  }
}
