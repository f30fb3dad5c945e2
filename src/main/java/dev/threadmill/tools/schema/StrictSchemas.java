package dev.threadmill.tools.schema;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/** What {@code strict} makes of a schema: objects have all their properties, and no others. */
final class StrictSchemas {
  private StrictSchemas() {}

  /** The schema with every object in it closed. */
  static JsonNode closeObjects(JsonNode schema) {
    return close(schema.deepCopy());
  }

  private static JsonNode close(JsonNode schema) {
    if (schema instanceof ArrayNode list) {
      list.forEach(StrictSchemas::close);
    }
    if (schema instanceof ObjectNode object) {
      object.remove("$id");
      if (object.get("properties") instanceof ObjectNode properties) {
        object.put("additionalProperties", false);
        var required = object.putArray("required");
        properties.fieldNames().forEachRemaining(required::add);
        properties.forEach(StrictSchemas::close);
      }
      for (var inner : new String[] {"items", "prefixItems", "anyOf", "oneOf", "allOf"}) {
        close(object.path(inner));
      }
      for (var named : new String[] {"$defs", "definitions"}) {
        object.path(named).forEach(StrictSchemas::close);
      }
    }
    return schema;
  }
}
