package dev.threadmill.models.chat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import dev.threadmill.api.ApiException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A field of a request that may come in several shapes, with its path. Null counts as absent. */
record ChatField(String param, JsonNode value) {
  ChatField {
    value = value == null || value.isNull() ? MissingNode.getInstance() : value;
  }

  static ChatField root(JsonNode json) {
    var root = new ChatField("", json);
    root.allowOnly();
    return root;
  }

  ChatField get(String field) {
    return new ChatField(param.isEmpty() ? field : param + "." + field, value.get(field));
  }

  boolean isAbsent() {
    return value.isMissingNode();
  }

  boolean isList() {
    return value.isArray();
  }

  /** Rejects a value that is not an object, and fields other than these; without names, none. */
  void allowOnly(String... fields) {
    if (isAbsent()) {
      throw ApiException.missing(param);
    }
    if (!value.isObject()) {
      throw wrongType("an object");
    }
    var known = Set.of(fields);
    for (var field : (Iterable<String>) value::fieldNames) {
      if (!known.isEmpty() && !known.contains(field)) {
        var path = get(field).param();
        throw ApiException.invalid(
            path, "unknown_parameter", "Unknown parameter: '%s'.".formatted(path));
      }
    }
  }

  /** The string, which is required. */
  String text() {
    if (isAbsent()) {
      throw ApiException.missing(param);
    }
    if (!value.isTextual()) {
      throw wrongType("a string");
    }
    return value.textValue();
  }

  String textOr(String other) {
    return isAbsent() ? other : text();
  }

  List<ChatField> elements() {
    if (!isAbsent() && !value.isArray()) {
      throw wrongType("an array");
    }
    var elements = new ArrayList<ChatField>();
    for (int i = 0; i < value.size(); i++) {
      elements.add(new ChatField("%s[%d]".formatted(param, i), value.get(i)));
    }
    return elements;
  }

  ApiException invalid(String expected) {
    return ApiException.invalid(param, "Invalid '%s': expected %s.".formatted(param, expected));
  }

  private ApiException wrongType(String expected) {
    return ApiException.invalid(
        param.isEmpty() ? null : param,
        "invalid_type",
        "Invalid type for '%s': expected %s.".formatted(param, expected));
  }
}
