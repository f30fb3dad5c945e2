package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Ids;
import dev.threadmill.api.Json;
import dev.threadmill.api.MessageId;
import dev.threadmill.protocols.responses.items.InputItems;
import jakarta.enterprise.context.ApplicationScoped;

/** The items of a request as they are listed: with ids, and content as parts. */
@ApplicationScoped
class ShownInput {
  private final Ids ids;

  ShownInput(Ids ids) {
    this.ids = ids;
  }

  /** The items of the request with ids, as they are listed. */
  JsonNode of(InputItems input) {
    var shown = Json.MAPPER.createArrayNode();
    for (var item : input.items()) {
      var copy = (ObjectNode) item.deepCopy();
      var type = copy.path("type").asText("message");
      copy.put("type", type);
      if (!copy.path("id").isTextual()) {
        copy.put("id", ids.next(type.equals("message") ? MessageId.PREFIX : "item_"));
      }
      if (copy.path("content").isTextual()) {
        var text = copy.get("content").textValue();
        var part = copy.putArray("content").addObject();
        part.put(
            "type", copy.path("role").asText().equals("assistant") ? "output_text" : "input_text");
        part.put("text", text);
        if (copy.path("role").asText().equals("assistant")) {
          part.putArray("annotations");
        }
      }
      if (!copy.has("status")) {
        copy.put("status", "completed");
      }
      shown.add(copy);
    }
    return shown;
  }
}
