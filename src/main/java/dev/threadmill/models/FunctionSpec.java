package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import java.util.regex.Pattern;

/**
 * A function that a model may call.
 *
 * @param parameters the JSON Schema of its arguments; null for a function without any
 * @param strict whether the model must keep to the schema to the letter; null for no
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record FunctionSpec(String name, String description, JsonNode parameters, Boolean strict) {
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9_-]{1,64}");

  public FunctionSpec {
    if (name == null) {
      throw ApiException.missing("name");
    }
    if (!NAME.matcher(name).matches()) {
      throw ApiException.invalid(
          "name",
          "Invalid 'name': expected 1 to 64 characters of a-z, A-Z, 0-9, underscores and dashes.");
    }
    if (parameters != null && parameters.isNull()) {
      parameters = null;
    }
    if (parameters != null && !parameters.isObject()) {
      throw ApiException.invalid(
          "parameters",
          "invalid_type",
          "Invalid type for 'parameters': expected a JSON Schema object.");
    }
  }
}
