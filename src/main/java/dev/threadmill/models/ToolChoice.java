package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import java.util.Map;

/** Whether the model may, must or must not call tools, or which one it must call. */
public sealed interface ToolChoice {
  ToolChoice AUTO = new Mode("auto");
  ToolChoice NONE = new Mode("none");
  ToolChoice REQUIRED = new Mode("required");

  /** One of {@code auto}, {@code none} and {@code required}. */
  record Mode(@JsonValue String name) implements ToolChoice {}

  /** This function. */
  record Function(String name) implements ToolChoice {
    @JsonValue
    Map<String, Object> toJson() {
      return Map.of("type", "function", "function", Map.of("name", name));
    }
  }

  /** The built-in tool of this type, such as {@code file_search}. */
  record BuiltIn(String type) implements ToolChoice {
    @JsonValue
    Map<String, Object> toJson() {
      return Map.of("type", type);
    }
  }

  @JsonCreator
  static ToolChoice of(JsonNode json) {
    if (json.isTextual()) {
      return switch (json.textValue()) {
        case "auto" -> AUTO;
        case "none" -> NONE;
        case "required" -> REQUIRED;
        default -> throw invalid("tool_choice");
      };
    }
    if (!json.isObject()) {
      throw invalid("tool_choice");
    }
    for (var field : (Iterable<String>) json::fieldNames) {
      if (!field.equals("type") && !field.equals("function")) {
        throw ApiException.invalid(
            "tool_choice." + field,
            "unknown_parameter",
            "Unknown parameter: 'tool_choice.%s'.".formatted(field));
      }
    }
    return switch (json.path("type").asText("")) {
      case "function" -> {
        var name = json.path("function").path("name");
        if (!name.isTextual()) {
          throw ApiException.missing("tool_choice.function.name");
        }
        yield new Function(name.textValue());
      }
      case "file_search", "code_interpreter", "web_search" ->
          new BuiltIn(json.path("type").textValue());
      default -> throw invalid("tool_choice.type");
    };
  }

  private static ApiException invalid(String param) {
    return ApiException.invalid(
        param,
        "Invalid '%s': expected 'none', 'auto', 'required' or a tool to call.".formatted(param));
  }
}
