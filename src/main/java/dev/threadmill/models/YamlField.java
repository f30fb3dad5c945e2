package dev.threadmill.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A place in the models file, which knows its name for errors. What is null counts as absent. */
record YamlField(String file, String name, JsonNode value) {
  YamlField {
    value = value == null || value.isNull() ? MissingNode.getInstance() : value;
  }

  YamlField get(String field) {
    return new YamlField(file, name.isEmpty() ? field : name + "." + field, value.get(field));
  }

  boolean isAbsent() {
    return value.isMissingNode();
  }

  ModelsFileException wrong(String problem) {
    return new ModelsFileException(file, name.isEmpty() ? "the file" : name, problem);
  }

  /** Refuses any other field. */
  void allowOnly(Set<String> known) {
    for (var field : fields().keySet()) {
      if (!known.contains(field)) {
        throw get(field).wrong("is not a setting; there are " + known.stream().sorted().toList());
      }
    }
  }

  Map<String, YamlField> fields() {
    if (!isAbsent() && !value.isObject()) {
      throw wrong("must be a map");
    }
    var fields = new LinkedHashMap<String, YamlField>();
    value.fieldNames().forEachRemaining(field -> fields.put(field, get(field)));
    return fields;
  }

  List<YamlField> elements() {
    if (!isAbsent() && !value.isArray()) {
      throw wrong("must be a list");
    }
    var elements = new ArrayList<YamlField>();
    for (int i = 0; i < value.size(); i++) {
      elements.add(new YamlField(file, name + "[" + i + "]", value.get(i)));
    }
    return elements;
  }

  Optional<String> text() {
    if (isAbsent()) {
      return Optional.empty();
    }
    if (!value.isValueNode() || value.asText().isBlank()) {
      throw wrong("must be text");
    }
    return Optional.of(value.asText().strip());
  }

  Optional<Boolean> bool() {
    if (isAbsent()) {
      return Optional.empty();
    }
    if (!value.isBoolean()) {
      throw wrong("must be true or false");
    }
    return Optional.of(value.booleanValue());
  }

  Optional<Integer> positive() {
    if (isAbsent()) {
      return Optional.empty();
    }
    if (!value.isInt() || value.intValue() < 1) {
      throw wrong("must be a whole number above 0");
    }
    return Optional.of(value.intValue());
  }

  /** An amount of money that must be there. */
  double amount() {
    if (!value.isNumber() || value.doubleValue() < 0) {
      throw wrong("must be a number of US dollars a million tokens, 0 or more");
    }
    return value.doubleValue();
  }
}
