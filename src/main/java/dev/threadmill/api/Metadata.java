package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Map;

/** Up to sixteen pairs of strings that a client attaches to an object. */
public record Metadata(@JsonValue Map<String, String> pairs) {
  public static final Metadata EMPTY = new Metadata(Map.of());
  private static final int MAX_PAIRS = 16;
  private static final int MAX_KEY = 64;
  private static final int MAX_VALUE = 512;

  public Metadata {
    pairs = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(pairs));
    if (pairs.size() > MAX_PAIRS) {
      throw ApiException.invalid(
          "metadata",
          "Invalid 'metadata': too many properties. Expected at most %d, got %d."
              .formatted(MAX_PAIRS, pairs.size()));
    }
    pairs.forEach(Metadata::checkPair);
  }

  @JsonCreator
  static Metadata of(JsonNode node) {
    if (!node.isObject()) {
      throw ApiException.invalid(
          "metadata", "invalid_type", "Invalid type for 'metadata': expected an object.");
    }
    var pairs = new LinkedHashMap<String, String>();
    node.properties()
        .forEach(
            pair -> {
              if (!pair.getValue().isTextual()) {
                throw ApiException.invalid(
                    path(pair.getKey()),
                    "invalid_type",
                    "Invalid type for '%s': expected a string.".formatted(path(pair.getKey())));
              }
              pairs.put(pair.getKey(), pair.getValue().textValue());
            });
    return new Metadata(pairs);
  }

  private static void checkPair(String key, String value) {
    if (key.length() > MAX_KEY) {
      throw ApiException.invalid(
          "metadata",
          "Invalid 'metadata': a key is too long. Expected at most %d characters, got %d."
              .formatted(MAX_KEY, key.length()));
    }
    if (value.length() > MAX_VALUE) {
      throw ApiException.invalid(
          path(key),
          "Invalid '%s': string too long. Expected at most %d characters, got %d."
              .formatted(path(key), MAX_VALUE, value.length()));
    }
  }

  private static String path(String key) {
    return "metadata." + (key.length() <= MAX_KEY ? key : key.substring(0, MAX_KEY) + "…");
  }
}
