package dev.threadmill.assistants;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Converts the schemas of an OpenAPI document to self-contained JSON Schema 2020-12. References out
 * of the document are refused: nothing is fetched for them.
 */
final class OpenApiSchemas {
  private static final String COMPONENT = "#/components/schemas/";
  private static final String DEFINITION = "#/$defs/";
  private static final int MAX_HOPS = 20;

  /** How many values all operations together may copy: each has the definitions that it needs. */
  private static final int MAX_COPIED = 200_000;

  private static final List<String> ANNOTATIONS =
      List.of("example", "xml", "discriminator", "externalDocs", "nullable");

  private static final List<String> ONE_SCHEMA =
      List.of(
          "items",
          "additionalProperties",
          "not",
          "contains",
          "propertyNames",
          "if",
          "then",
          "else");
  private static final List<String> SEVERAL_SCHEMAS =
      List.of("properties", "patternProperties", "allOf", "anyOf", "oneOf", "prefixItems");

  private final JsonNode document;
  private int copied;

  OpenApiSchemas(JsonNode document) {
    this.document = document;
  }

  /** What a reference leads to, or the node itself. */
  JsonNode resolved(JsonNode node) {
    var found = node;
    for (int hops = 0; found.has("$ref"); hops++) {
      var reference = found.path("$ref").asText();
      found = reference.startsWith("#/") ? document.at(pointer(reference)) : found.path("none");
      if (found.isMissingNode() || hops == MAX_HOPS) {
        throw unknown(reference);
      }
    }
    return found;
  }

  /** A copy as JSON Schema 2020-12, whose references lead to {@code $defs}. */
  JsonNode converted(JsonNode schema) {
    copied += values(schema);
    if (copied > MAX_COPIED) {
      throw ApiException.invalid(
          "document",
          "Invalid 'document': the schemas of its operations have more than %,d values, each operation with the definitions that it refers to. Take fewer operations."
              .formatted(MAX_COPIED));
    }
    var copy = schema.deepCopy();
    convert(copy);
    return copy;
  }

  /** How many values a schema has, counted as far as it may be copied. */
  private static int values(JsonNode schema) {
    int count = 0;
    var open = new ArrayDeque<JsonNode>();
    open.add(schema);
    while (!open.isEmpty() && count <= MAX_COPIED) {
      count++;
      open.remove().forEach(open::add);
    }
    return count;
  }

  /** The schema with all definitions that it needs. */
  ObjectNode withDefinitions(ObjectNode schema) {
    var definitions = new TreeMap<String, JsonNode>();
    var open = new ArrayDeque<JsonNode>();
    open.add(schema);
    while (!open.isEmpty()) {
      for (var name : references(open.remove())) {
        if (!definitions.containsKey(name)) {
          var found = document.path("components").path("schemas").path(name);
          if (found.isMissingNode()) {
            throw unknown(COMPONENT + name);
          }
          var definition = converted(found);
          definitions.put(name, definition);
          open.add(definition);
        }
      }
    }
    if (!definitions.isEmpty()) {
      schema.putObject("$defs").setAll(definitions);
    }
    return schema;
  }

  private static TreeSet<String> references(JsonNode node) {
    var names = new TreeSet<String>();
    for (var reference : node.findValuesAsText("$ref")) {
      if (reference.startsWith(DEFINITION)) {
        names.add(unescaped(reference.substring(DEFINITION.length())));
      }
    }
    return names;
  }

  private void convert(JsonNode schema) {
    if (!(schema instanceof ObjectNode object)) {
      return;
    }
    if (object.path("$ref").isTextual()) {
      object.put("$ref", definition(object.path("$ref").asText()));
    }
    boolean nullable = object.path("nullable").asBoolean();
    bound(object, "minimum", "exclusiveMinimum");
    bound(object, "maximum", "exclusiveMaximum");
    object.remove(ANNOTATIONS);
    ONE_SCHEMA.forEach(keyword -> convert(object.path(keyword)));
    SEVERAL_SCHEMAS.forEach(keyword -> object.path(keyword).forEach(this::convert));
    if (nullable) {
      acceptNull(object);
    }
  }

  private static String definition(String reference) {
    if (!reference.startsWith(COMPONENT) || reference.indexOf('/', COMPONENT.length()) >= 0) {
      throw unknown(reference);
    }
    return DEFINITION + reference.substring(COMPONENT.length());
  }

  /** In 3.0 the exclusive bound is a flag beside the bound. */
  private static void bound(ObjectNode object, String bound, String exclusive) {
    if (object.path(exclusive).isBoolean()) {
      boolean isExclusive = object.remove(exclusive).asBoolean();
      if (isExclusive && object.has(bound)) {
        object.set(exclusive, object.remove(bound));
      }
    }
  }

  private static void acceptNull(ObjectNode object) {
    var before = object.objectNode();
    before.setAll(object);
    object.removeAll();
    var either = object.putArray("anyOf");
    either.add(before);
    either.addObject().put("type", "null");
    if (before.has("description")) {
      object.set("description", before.get("description"));
    }
  }

  private static String pointer(String reference) {
    return java.net.URLDecoder.decode(
        reference.substring(1).replace("+", "%2B"), java.nio.charset.StandardCharsets.UTF_8);
  }

  private static String unescaped(String name) {
    return name.replace("~1", "/").replace("~0", "~");
  }

  private static ApiException unknown(String reference) {
    return ApiException.invalid(
        "document",
        "Invalid 'document': the reference '%s' leads to nothing within it.".formatted(reference));
  }
}
