package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.util.Set;
import java.util.regex.Pattern;

/** The form in which the model must answer. */
public sealed interface ResponseFormat {
  ResponseFormat AUTO = new Auto();

  /** The most characters that one may have as JSON. */
  int MAX_CHARACTERS = 1 << 18;

  Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

  /** As the model likes. */
  record Auto() implements ResponseFormat {
    @JsonValue
    String toJson() {
      return "auto";
    }
  }

  /** Text. */
  record Text() implements ResponseFormat {
    @JsonValue
    JsonNode toJson() {
      return type("text");
    }
  }

  /** Some JSON object. */
  record JsonObject() implements ResponseFormat {
    @JsonValue
    JsonNode toJson() {
      return type("json_object");
    }
  }

  /**
   * JSON that fits a schema.
   *
   * @param definition name, schema, description and strictness as the client sent them
   */
  record JsonSchema(JsonNode definition) implements ResponseFormat {
    @JsonValue
    JsonNode toJson() {
      return type("json_schema").set("json_schema", definition);
    }
  }

  /** One as a client may send it: 400 if it is too long. */
  static ResponseFormat checked(ResponseFormat format) {
    return Bounds.json("response_format", format, MAX_CHARACTERS);
  }

  @JsonCreator
  static ResponseFormat of(JsonNode json) {
    if (json.isTextual() && json.textValue().equals("auto")) {
      return AUTO;
    }
    if (!json.isObject()) {
      throw ApiException.invalid(
          "response_format", "Invalid 'response_format': expected 'auto' or an object.");
    }
    return switch (json.path("type").asText("")) {
      case "text" -> {
        refuseUnknown("response_format", json, Set.of("type"));
        yield new Text();
      }
      case "json_object" -> {
        refuseUnknown("response_format", json, Set.of("type"));
        yield new JsonObject();
      }
      case "json_schema" -> {
        refuseUnknown("response_format", json, Set.of("type", "json_schema"));
        yield new JsonSchema(checkedDefinition(json.path("json_schema")));
      }
      default ->
          throw ApiException.invalid(
              "response_format.type",
              "Invalid 'response_format.type': expected 'text', 'json_object' or 'json_schema'.");
    };
  }

  private static JsonNode checkedDefinition(JsonNode definition) {
    var param = "response_format.json_schema";
    if (!definition.isObject()) {
      throw ApiException.missing(param);
    }
    refuseUnknown(param, definition, Set.of("name", "description", "schema", "strict"));
    var name = definition.path("name");
    if (!name.isTextual()) {
      throw ApiException.missing(param + ".name");
    }
    if (!NAME.matcher(name.textValue()).matches()) {
      throw ApiException.invalid(
          param + ".name",
          "Invalid '%s.name': expected 1 to 64 characters of a-z, A-Z, 0-9, _ and -."
              .formatted(param));
    }
    if (definition.has("schema") && !definition.get("schema").isObject()) {
      throw ApiException.invalid(
          param + ".schema", "invalid_type", "Invalid type for '%s.schema'.".formatted(param));
    }
    return definition;
  }

  private static void refuseUnknown(String param, JsonNode json, Set<String> known) {
    for (var field : (Iterable<String>) json::fieldNames) {
      if (!known.contains(field)) {
        throw ApiException.invalid(
            param + "." + field,
            "unknown_parameter",
            "Unknown parameter: '%s.%s'.".formatted(param, field));
      }
    }
  }

  private static ObjectNode type(String type) {
    return JsonNodeFactory.instance.objectNode().put("type", type);
  }
}
