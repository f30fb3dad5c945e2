package dev.threadmill.models.chat;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.models.FunctionSpec;

/** A function that the model may call: in an object of its own, or beside the type. */
public record ChatTool(FunctionSpec function) {
  @JsonCreator
  static ChatTool of(JsonNode json) {
    var at = ChatField.root(json);
    if (!at.get("type").text().equals("function")) {
      throw at.get("type")
          .invalid("'function'; built-in tools are run for assistants, not for chat completions");
    }
    var nested = at.get("function");
    if (!nested.isAbsent()) {
      at.allowOnly("type", "function");
    }
    var function = nested.isAbsent() ? at : nested;
    function.allowOnly("type", "name", "description", "parameters", "strict");
    var strict = function.get("strict");
    if (!strict.isAbsent() && !strict.value().isBoolean()) {
      throw strict.invalid("true or false");
    }
    var parameters = function.get("parameters");
    if (!parameters.isAbsent() && !parameters.value().isObject()) {
      throw parameters.invalid("a JSON Schema object");
    }
    function.get("name").text();
    return new ChatTool(
        new FunctionSpec(
            function.get("name").text(),
            function.get("description").textOr(null),
            parameters.isAbsent() ? null : parameters.value(),
            strict.isAbsent() ? null : strict.value().booleanValue()));
  }
}
