package dev.threadmill.tools.mcp;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import java.util.List;
import java.util.Set;

/**
 * Repairs what servers get wrong in their schemas, and for which providers refuse a whole request:
 * PHP writes an empty object as a list, older dialects say of each property whether it is required,
 * and some name types of their language.
 */
final class RepairSchema {
  private static final int MAX_DEPTH = 300;
  private static final Set<String> TYPES =
      Set.of("object", "array", "string", "number", "integer", "boolean", "null");

  /** Keywords whose value is an object of schemas by name. */
  private static final List<String> NAMED =
      List.of("properties", "patternProperties", "$defs", "definitions", "dependentSchemas");

  /** Keywords whose value is a list of schemas. */
  private static final List<String> LISTS = List.of("allOf", "anyOf", "oneOf", "prefixItems");

  /** Keywords whose value is a schema. */
  private static final List<String> SINGLE =
      List.of("items", "additionalProperties", "not", "if", "then", "else", "contains");

  private RepairSchema() {}

  /** The schema as an object, also where it is written as text; otherwise what was given. */
  static JsonNode parsed(JsonNode given) {
    if (!given.isTextual()) {
      return given;
    }
    try {
      var json = Json.MAPPER.readTree(given.textValue());
      return json != null && json.isObject() ? json : given;
    } catch (JsonProcessingException _) {
      return given;
    }
  }

  /** Repairs a schema, and those in it, in place. */
  static void repair(ObjectNode schema) {
    repair(schema, 0);
  }

  private static void repair(JsonNode node, int depth) {
    if (!(node instanceof ObjectNode schema) || depth > MAX_DEPTH) {
      return;
    }
    if (schema.has("required") && !schema.get("required").isArray()) {
      schema.remove("required");
    }
    if (schema.path("enum").isArray() && schema.get("enum").isEmpty()) {
      schema.remove("enum");
    }
    if (schema.path("type").isTextual() && !TYPES.contains(schema.get("type").textValue())) {
      schema.remove("type");
    }
    for (var keyword : NAMED) {
      if (schema.has(keyword) && !schema.get(keyword).isObject()) {
        schema.set(keyword, JsonNodeFactory.instance.objectNode());
      }
      schema.path(keyword).forEach(each -> repair(each, depth + 1));
    }
    for (var keyword : LISTS) {
      if (schema.has(keyword)
          && (!schema.get(keyword).isArray() || schema.get(keyword).isEmpty())) {
        schema.remove(keyword);
      }
      schema.path(keyword).forEach(each -> repair(each, depth + 1));
    }
    for (var keyword : SINGLE) {
      var value = schema.path(keyword);
      if (schema.has(keyword) && !value.isObject() && !value.isBoolean()) {
        schema.remove(keyword);
      }
      repair(schema.path(keyword), depth + 1);
    }
  }
}
