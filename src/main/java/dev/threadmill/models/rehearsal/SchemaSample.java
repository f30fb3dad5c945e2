package dev.threadmill.models.rehearsal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Iterator;
import java.util.Set;

/**
 * The smallest value that a JSON Schema allows, always the same one. Patterns and conditions are
 * not solved: a schema with them may reject its sample.
 */
final class SchemaSample {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final int MAX_DEPTH = 16;
  private static final int MAX_ITEMS = 16;
  private static final int MAX_VALUES = 1_000;
  private static final Set<String> QUESTIONS = Set.of("query", "question", "q", "text", "prompt");

  private final JsonNode root;
  private final String question;
  private int values;

  private SchemaSample(JsonNode root, String question) {
    this.root = root;
    this.question = question;
  }

  /**
   * @param schema null for a schema that allows anything
   * @param question the value of a required text named {@code query} or alike
   */
  static JsonNode of(JsonNode schema, String question) {
    return schema == null
        ? JSON.objectNode()
        : new SchemaSample(schema, question).sample("", schema, 0);
  }

  private JsonNode sample(String name, JsonNode schema, int depth) {
    if (++values > MAX_VALUES || depth > MAX_DEPTH || !schema.isObject()) {
      return schema.isBoolean() ? JSON.objectNode() : JSON.nullNode();
    }
    if (schema.has("const")) {
      return schema.get("const");
    }
    for (var choices : new String[] {"enum", "examples"}) {
      if (schema.path(choices).isArray() && !schema.path(choices).isEmpty()) {
        return schema.get(choices).get(0);
      }
    }
    if (schema.has("default")) {
      return schema.get("default");
    }
    if (schema.path("$ref").isTextual()) {
      return sample(name, referred(schema.get("$ref").textValue()), depth + 1);
    }
    for (var union : new String[] {"anyOf", "oneOf"}) {
      if (schema.path(union).isArray() && !schema.path(union).isEmpty()) {
        return sample(name, leaf(schema.get(union)), depth + 1);
      }
    }
    if (schema.path("allOf").isArray()) {
      return sample(name, merged(schema), depth + 1);
    }
    return switch (type(schema)) {
      case "string" -> JSON.textNode(text(name, schema));
      case "integer", "number" -> number(schema);
      case "boolean" -> JSON.booleanNode(true);
      case "array" -> array(name, schema, depth);
      case "null" -> JSON.nullNode();
      default -> object(schema, depth);
    };
  }

  private ObjectNode object(JsonNode schema, int depth) {
    var object = JSON.objectNode();
    var properties = schema.path("properties");
    for (var required : schema.path("required")) {
      var name = required.asText();
      object.set(name, sample(name, properties.path(name), depth + 1));
    }
    return object;
  }

  private JsonNode array(String name, JsonNode schema, int depth) {
    var array = JSON.arrayNode();
    int items = Math.min(MAX_ITEMS, schema.path("minItems").asInt(0));
    for (int i = 0; i < items && values < MAX_VALUES; i++) {
      array.add(sample(name, schema.path("items"), depth + 1));
    }
    return array;
  }

  private String text(String name, JsonNode schema) {
    var text =
        switch (schema.path("format").asText("")) {
          case "date" -> "2026-01-31";
          case "time" -> "12:00:00Z";
          case "date-time" -> "2026-01-31T12:00:00Z";
          case "email" -> "someone@example.com";
          case "uri", "url" -> "https://example.com/";
          case "uuid" -> "00000000-0000-4000-8000-000000000000";
          case "ipv4" -> "192.0.2.1";
          case "hostname" -> "example.com";
          default -> QUESTIONS.contains(name) ? question : "example";
        };
    int shortest = schema.path("minLength").asInt(0);
    int longest = schema.path("maxLength").asInt(Integer.MAX_VALUE);
    if (text.length() < shortest) {
      text += "x".repeat(Math.min(10_000, shortest - text.length()));
    }
    return text.length() > longest ? text.substring(0, longest) : text;
  }

  private static JsonNode number(JsonNode schema) {
    double value = 1;
    if (schema.path("minimum").isNumber()) {
      value = Math.max(value, schema.get("minimum").doubleValue());
    }
    if (schema.path("exclusiveMinimum").isNumber()) {
      value = Math.max(value, schema.get("exclusiveMinimum").doubleValue() + 1);
    }
    if (schema.path("maximum").isNumber()) {
      value = Math.min(value, schema.get("maximum").doubleValue());
    }
    if (schema.path("exclusiveMaximum").isNumber()) {
      value = Math.min(value, schema.get("exclusiveMaximum").doubleValue() - 1);
    }
    double step = schema.path("multipleOf").asDouble(0);
    if (step > 0) {
      value = Math.ceil(value / step) * step;
    }
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? JSON.numberNode((long) value)
        : JSON.numberNode(value);
  }

  private static String type(JsonNode schema) {
    var type = schema.path("type");
    if (type.isArray() && !type.isEmpty()) {
      return type.get(0).asText();
    }
    if (type.isTextual()) {
      return type.textValue();
    }
    return schema.has("items") ? "array" : "object";
  }

  /** A choice without a reference, if there is one, so that recursion in schemas ends. */
  private static JsonNode leaf(JsonNode choices) {
    for (var choice : choices) {
      if (!choice.has("$ref")) {
        return choice;
      }
    }
    return choices.get(0);
  }

  private JsonNode merged(JsonNode schema) {
    ObjectNode all = schema.deepCopy();
    all.remove("allOf");
    for (var part : schema.get("allOf")) {
      var each = part.path("$ref").isTextual() ? referred(part.get("$ref").textValue()) : part;
      for (Iterator<String> names = each.fieldNames(); names.hasNext(); ) {
        var name = names.next();
        switch (name) {
          case "properties" -> {
            if (each.get(name) instanceof ObjectNode properties) {
              all.withObject("/properties").setAll(properties);
            }
          }
          case "required" -> each.get(name).forEach(all.withArray("/required")::add);
          default -> all.set(name, each.get(name));
        }
      }
    }
    return all;
  }

  private JsonNode referred(String reference) {
    if (!reference.startsWith("#")) {
      return JSON.objectNode();
    }
    var target = root.at(reference.substring(1));
    return target.isMissingNode() ? JSON.objectNode() : target;
  }
}
