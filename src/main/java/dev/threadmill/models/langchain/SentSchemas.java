package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ResponseFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Sends the schemas of functions and of the answer as they were defined. The library knows some
 * forms only: it refuses a property that is {@code true}, drops the parameters where references or
 * alternatives stand at the top, and for Gemini refuses most keywords.
 */
final class SentSchemas {
  /** What Claude refuses at the top of a schema. */
  private static final List<String> ALTERNATIVES = List.of("anyOf", "oneOf", "allOf");

  private SentSchemas() {}

  /** Sets those of tools that have them as {@code input_schema}. */
  static void ofClaude(ObjectNode body, ModelRequest request) {
    var functions = functions(request);
    for (var tool : body.path("tools")) {
      var schema = schema(functions.get(tool.path("name").asText()));
      if (schema != null) {
        ((ObjectNode) tool).set("input_schema", schema.without(ALTERNATIVES));
      }
    }
    if (body.at("/output_config/format") instanceof ObjectNode format && answer(request) != null) {
      format.set("schema", answer(request));
    }
  }

  /** Sets those of tools that have them as {@code function.parameters}. */
  static void ofOllama(ObjectNode body, ModelRequest request) {
    var functions = functions(request);
    for (var tool : body.path("tools")) {
      var schema = schema(functions.get(tool.at("/function/name").asText()));
      if (schema != null) {
        ((ObjectNode) tool.path("function")).set("parameters", schema);
      }
    }
    if (answer(request) != null) {
      body.set("format", answer(request));
    }
  }

  /** Sets those that have no other form than JSON Schema. */
  static void ofGemini(ObjectNode body, ModelRequest request) {
    var functions = functions(request);
    for (var tool : body.path("tools")) {
      for (var declared : tool.path("functionDeclarations")) {
        var schema = schema(functions.get(declared.path("name").asText()));
        if (schema != null && !isPlain(schema)) {
          var declaration = (ObjectNode) declared;
          declaration.remove("parameters");
          declaration.set("parametersJsonSchema", schema);
        }
      }
    }
    var answer = answer(request);
    if (answer != null && !isPlain(answer)) {
      var config = body.withObject("/generationConfig");
      config.remove("responseSchema");
      config.set("responseJsonSchema", answer);
    }
  }

  /** The schema of the answer; null if it has none. */
  private static ObjectNode answer(ModelRequest request) {
    return request.responseFormat() instanceof ResponseFormat.JsonSchema(var definition)
            && definition.path("schema") instanceof ObjectNode schema
        ? schema
        : null;
  }

  private static Map<String, FunctionSpec> functions(ModelRequest request) {
    return request.functions().stream()
        .collect(Collectors.toMap(FunctionSpec::name, Function.identity(), (first, _) -> first));
  }

  /** The schema of an object; null if the function takes nothing. */
  private static ObjectNode schema(FunctionSpec function) {
    if (function == null || !(function.parameters() instanceof ObjectNode defined)) {
      return null;
    }
    var schema = defined.deepCopy();
    schema.put("type", "object");
    return schema;
  }

  /** Whether a schema has only what every part of the library has a form for. */
  static boolean isPlain(JsonNode schema) {
    for (var field : schema.properties()) {
      boolean isPlain =
          switch (field.getKey()) {
            case "type", "description" -> field.getValue().isTextual();
            case "items" -> isTyped(field.getValue());
            case "properties" -> field.getValue().valueStream().allMatch(SentSchemas::isTyped);
            case "enum" -> field.getValue().valueStream().allMatch(JsonNode::isTextual);
            case "additionalProperties" -> field.getValue().isBoolean();
            default -> field.getKey().equals("required");
          };
      if (!isPlain) {
        return false;
      }
    }
    return schema.isObject();
  }

  private static boolean isTyped(JsonNode schema) {
    return switch (schema.path("type").asText()) {
      case "string", "number", "integer", "boolean", "object" -> isPlain(schema);
      case "array" -> schema.has("items") && isPlain(schema);
      default -> false;
    };
  }
}
