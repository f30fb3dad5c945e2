package dev.threadmill.vectorstores;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.StorableText;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Up to sixteen pairs that a client attaches to a file in a vector store, by which searches are
 * filtered. A value is a string, a number or a boolean.
 */
public record Attributes(@JsonValue Map<String, JsonNode> pairs) {
  public static final Attributes EMPTY = new Attributes(Map.of());
  private static final int MAX_PAIRS = 16;
  private static final int MAX_KEY = 64;
  private static final int MAX_VALUE = 512;

  public Attributes {
    pairs = Collections.unmodifiableMap(new LinkedHashMap<>(pairs));
  }

  @JsonCreator
  static Attributes of(JsonNode node) {
    if (!node.isObject()) {
      throw ApiException.invalid(
          "attributes", "invalid_type", "Invalid type for 'attributes': expected an object.");
    }
    if (node.size() > MAX_PAIRS) {
      throw ApiException.invalid(
          "attributes",
          "Invalid 'attributes': too many properties. Expected at most %d, got %d."
              .formatted(MAX_PAIRS, node.size()));
    }
    var pairs = new LinkedHashMap<String, JsonNode>();
    node.properties()
        .forEach(
            pair -> {
              check(pair.getKey(), pair.getValue());
              pairs.put(pair.getKey(), pair.getValue());
            });
    return new Attributes(pairs);
  }

  private static void check(String key, JsonNode value) {
    if (key.length() > MAX_KEY) {
      throw ApiException.invalid(
          "attributes",
          "Invalid 'attributes': a key is too long. Expected at most %d characters, got %d."
              .formatted(MAX_KEY, key.length()));
    }
    var path = "attributes." + key;
    if (!value.isTextual() && !value.isNumber() && !value.isBoolean()) {
      throw ApiException.invalid(
          path,
          "invalid_type",
          "Invalid type for '%s': expected a string, a number or a boolean.".formatted(path));
    }
    requireFinite(path, value);
    if (value.isTextual()) {
      StorableText.require(path, value.textValue());
      if (value.textValue().length() > MAX_VALUE) {
        throw ApiException.invalid(
            path,
            "Invalid '%s': string too long. Expected at most %d characters, got %d."
                .formatted(path, MAX_VALUE, value.textValue().length()));
      }
    }
  }

  /**
   * Refuses a number such as 1e400, which is read as infinite and which jsonb cannot hold.
   *
   * @param path the name of the field, for the error
   */
  public static void requireFinite(String path, JsonNode value) {
    if (value.isFloatingPointNumber() && !Double.isFinite(value.doubleValue())) {
      throw ApiException.invalid(
          path, "Invalid '%s': expected a number of at most 1.8e308.".formatted(path));
    }
  }
}
