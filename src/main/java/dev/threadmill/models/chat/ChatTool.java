package dev.threadmill.models.chat;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.FunctionSpec;
import java.util.regex.Pattern;

/**
 * A function that the model may call: in an object of its own, or beside the type.
 *
 * @param isCode whether this server runs the code that the model calls it with
 */
public record ChatTool(FunctionSpec function, boolean isCode) {
  /** The type of the code interpreter. */
  static final String CODE = "code_interpreter";

  private static final int MAX_CODE = 200_000;
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final String DESCRIPTION =
      "Runs Python code, like a cell of a notebook: variables stay from call to call, and the value"
          + " of the last expression is shown. There is no network.";

  @JsonCreator
  static ChatTool of(JsonNode json) {
    var at = ChatField.root(json);
    if (at.get("type").text().equals(CODE)) {
      return code(at);
    }
    if (!at.get("type").text().equals("function")) {
      throw at.get("type")
          .invalid("'function' or 'code_interpreter'; other tools are run for assistants only");
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
            strict.isAbsent() ? null : strict.value().booleanValue()),
        false);
  }

  /** The code interpreter, whose function may have a name and a description of the client's own. */
  private static ChatTool code(ChatField at) {
    at.allowOnly("type", "name", "description");
    var name = at.get("name").textOr(CODE);
    if (!NAME.matcher(name).matches()) {
      throw at.get("name").invalid("1 to 64 letters, digits, underscores and dashes");
    }
    var own = at.get("description").textOr("");
    var schema =
        Json.MAPPER.createObjectNode().put("type", "object").put("additionalProperties", false);
    schema
        .putObject("properties")
        .putObject("code")
        .put("type", "string")
        .put("maxLength", MAX_CODE)
        .put("description", "The Python code to run.");
    schema.putArray("required").add("code");
    return new ChatTool(
        new FunctionSpec(name, own.isEmpty() ? DESCRIPTION : own + " " + DESCRIPTION, schema, null),
        true);
  }
}
