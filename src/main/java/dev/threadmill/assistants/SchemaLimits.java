package dev.threadmill.assistants;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Bounds the cost of compiling a JSON Schema and of validating values against it: how many
 * subschemas it has when its references are followed, how deep they nest, and what its patterns may
 * repeat. A schema refers to itself only; a reference to anything else is refused.
 */
public final class SchemaLimits {
  private static final long MAX_SUBSCHEMAS = 100_000;
  private static final int MAX_DEPTH = 300;

  /** Keywords whose subschemas apply to the same value as the schema itself. */
  private static final List<String> IN_PLACE =
      List.of("allOf", "anyOf", "oneOf", "not", "if", "then", "else");

  /** Keywords whose subschemas apply to parts of the value. */
  private static final List<String> OF_PARTS =
      List.of(
          "items",
          "prefixItems",
          "additionalItems",
          "additionalProperties",
          "contains",
          "propertyNames",
          "unevaluatedItems",
          "unevaluatedProperties");

  private final String param;
  private final JsonNode root;
  private final Map<String, JsonNode> named = new HashMap<>();
  private final Map<JsonNode, Long> sizes = new IdentityHashMap<>();
  private final Map<JsonNode, Integer> path = new IdentityHashMap<>();
  private int lastPart = -1;

  private SchemaLimits(String param, JsonNode root) {
    this.param = param;
    this.root = root;
  }

  /**
   * Refuses a schema that costs too much or refers to something else.
   *
   * @param schema null for none
   * @throws ApiException 400 that names {@code param}
   */
  public static void require(String param, JsonNode schema) {
    if (schema == null) {
      return;
    }
    var limits = new SchemaLimits(param, schema);
    limits.readWhole();
    if (limits.size(schema) > MAX_SUBSCHEMAS) {
      throw limits.invalid(
          "the schema has more than %,d subschemas when its references are followed"
              .formatted(MAX_SUBSCHEMAS));
    }
  }

  /** Collects what references may name, and refuses numbers that no computation can hold. */
  private void readWhole() {
    var open = new ArrayDeque<JsonNode>();
    open.add(root);
    while (!open.isEmpty()) {
      var node = open.remove();
      if (node.isDouble() && !Double.isFinite(node.doubleValue())) {
        throw invalid("a number in the schema is out of range");
      }
      for (var keyword : List.of("$id", "$anchor", "$dynamicAnchor")) {
        if (node.path(keyword).isTextual()) {
          var name = node.path(keyword).asText();
          named.putIfAbsent(keyword.equals("$id") ? name : "#" + name, node);
        }
      }
      node.forEach(open::add);
    }
  }

  /** The number of subschemas, references followed; a schema within itself counts as one. */
  private long size(JsonNode schema) {
    if (!schema.isObject()) {
      return 1;
    }
    var known = sizes.get(schema);
    if (known != null) {
      return known;
    }
    var before = path.get(schema);
    if (before != null) {
      if (lastPart < before) {
        throw invalid("the schema refers to itself in a circle that no value ends");
      }
      return 1;
    }
    if (path.size() >= MAX_DEPTH) {
      throw invalid("the schema nests deeper than %d levels".formatted(MAX_DEPTH));
    }
    path.put(schema, path.size());
    long size = 1;
    if (schema.path("pattern").isTextual()) {
      requirePattern(schema.path("pattern").asText());
    }
    if (schema.path("$ref").isTextual()) {
      size += size(target(schema.path("$ref").asText()));
    }
    for (var keyword : IN_PLACE) {
      size += sizeOf(schema.path(keyword));
    }
    for (var each : schema.path("dependentSchemas")) {
      size += size(each);
    }
    size += sizeOfParts(schema);
    path.remove(schema);
    size = Math.min(size, MAX_SUBSCHEMAS + 1);
    sizes.put(schema, size);
    return size;
  }

  private long sizeOfParts(JsonNode schema) {
    int before = lastPart;
    lastPart = path.size() - 1;
    long size = 0;
    for (var keyword : OF_PARTS) {
      size += sizeOf(schema.path(keyword));
    }
    for (var each : schema.path("properties")) {
      size += size(each);
    }
    for (var each : schema.path("patternProperties").properties()) {
      requirePattern(each.getKey());
      size += size(each.getValue());
    }
    lastPart = before;
    return size;
  }

  /** Of a subschema, or of all in a list of them. */
  private long sizeOf(JsonNode subschemas) {
    if (!subschemas.isArray()) {
      return subschemas.isObject() ? size(subschemas) : 0;
    }
    long size = 0;
    for (var each : subschemas) {
      size += size(each);
    }
    return size;
  }

  private void requirePattern(String pattern) {
    var reason = PatternLimits.excess(pattern);
    if (reason.isPresent()) {
      throw invalid(reason.get());
    }
  }

  private JsonNode target(String reference) {
    if (reference.equals("#")) {
      return root;
    }
    var target = named.get(reference);
    if (target == null && reference.startsWith("#/")) {
      target = at(reference.substring(1));
    }
    if (target == null || target.isMissingNode()) {
      throw invalid(
          reference.startsWith("#")
              ? "the reference '%s' leads to nothing within the schema".formatted(reference)
              : "the reference '%s' leads out of the schema, and nothing is fetched for it"
                  .formatted(reference));
    }
    return target;
  }

  private JsonNode at(String pointer) {
    try {
      var decoded = URLDecoder.decode(pointer.replace("+", "%2B"), StandardCharsets.UTF_8);
      return root.at(decoded);
    } catch (IllegalArgumentException e) {
      return root.path("").path("");
    }
  }

  private ApiException invalid(String why) {
    return ApiException.invalid(param, "Invalid '%s': %s.".formatted(param, why));
  }
}
