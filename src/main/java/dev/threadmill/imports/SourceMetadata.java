package dev.threadmill.imports;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;

/** Metadata of objects of other servers, whose values may be other than strings. */
final class SourceMetadata {
  private SourceMetadata() {}

  /** The pairs with texts as values; without those that are null. */
  static ObjectNode of(JsonNode metadata) {
    var pairs = Json.MAPPER.createObjectNode();
    metadata
        .properties()
        .forEach(
            pair -> {
              var value = pair.getValue();
              if (value.isValueNode() && !value.isNull()) {
                pairs.put(pair.getKey(), value.asText());
              } else if (!value.isNull()) {
                pairs.put(pair.getKey(), Json.write(value));
              }
            });
    return pairs;
  }
}
