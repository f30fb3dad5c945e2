package dev.threadmill.protocols.responses.request;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Json;
import dev.threadmill.api.JsonBody;
import dev.threadmill.api.Metadata;
import dev.threadmill.api.http.BodyLimit;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/** Reads fields of a body. Unlike elsewhere, unknown fields are ignored: clients send many. */
public final class RequestFields {
  private RequestFields() {}

  /** The body, which has to be an object. */
  public static JsonNode body(InputStream input) throws IOException {
    var body = JsonBody.read(BodyLimit.read(input), JsonNode.class);
    if (!body.isObject()) {
      throw ApiException.invalid(
          null, "invalid_type", "Invalid body: expected a JSON object of the documented shape.");
    }
    return body;
  }

  /** The text of a field; null if it is not set. */
  public static String text(JsonNode body, String field, int max) {
    var value = body.path(field);
    if (isAbsent(value)) {
      return null;
    }
    if (!value.isTextual()) {
      throw type(field, "a text");
    }
    if (value.textValue().length() > max) {
      throw ApiException.invalid(
          field,
          "string_above_max_length",
          "Invalid '%s': string too long. Expected at most %d characters.".formatted(field, max));
    }
    return value.textValue();
  }

  /** The flag; the default if it is not set. */
  public static boolean flag(JsonNode body, String field, boolean otherwise) {
    var value = body.path(field);
    if (isAbsent(value)) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw type(field, "true or false");
    }
    return value.booleanValue();
  }

  /** The integer; null if it is not set. */
  public static Integer integer(JsonNode body, String field, int min, int max) {
    var value = body.path(field);
    if (isAbsent(value)) {
      return null;
    }
    if (!value.isIntegralNumber()) {
      throw type(field, "an integer");
    }
    if (!value.canConvertToInt() || value.intValue() < min || value.intValue() > max) {
      throw ApiException.invalid(
          field,
          "integer_outside_range",
          "Invalid '%s': expected a value from %d to %d.".formatted(field, min, max));
    }
    return value.intValue();
  }

  /** The number; null if it is not set. */
  public static Double number(JsonNode body, String field, double min, double max) {
    var value = body.path(field);
    if (isAbsent(value)) {
      return null;
    }
    if (!value.isNumber()) {
      throw type(field, "a number");
    }
    if (!(value.doubleValue() >= min && value.doubleValue() <= max)) {
      throw ApiException.invalid(
          field, "Invalid '%s': expected a value from %s to %s.".formatted(field, min, max));
    }
    return value.doubleValue();
  }

  /** The metadata; null if it is not set. */
  public static Metadata metadata(JsonNode body) {
    var value = body.path("metadata");
    if (isAbsent(value)) {
      return null;
    }
    return JsonBody.read(value.toString().getBytes(StandardCharsets.UTF_8), Metadata.class);
  }

  /** Whether the field is not set, or null. */
  public static boolean isAbsent(JsonNode value) {
    return value.isMissingNode() || value.isNull();
  }

  public static ApiException type(String field, String expected) {
    return ApiException.invalid(
        field, "invalid_type", "Invalid type for '%s': expected %s.".formatted(field, expected));
  }

  /**
   * The text of a field; null if it is not set.
   *
   * @param path where the object stands in the body
   */
  static String text(String path, JsonNode object, String field) {
    var value = object.path(field);
    if (isAbsent(value)) {
      return null;
    }
    if (!value.isTextual()) {
      throw type(path + "." + field, "a text");
    }
    return value.textValue();
  }

  /** The elements of a field; none if it is not set. */
  static JsonNode list(String path, JsonNode object, String field) {
    var value = object.path(field);
    if (isAbsent(value)) {
      return Json.MAPPER.createArrayNode();
    }
    if (!value.isArray()) {
      throw type(path + "." + field, "a list");
    }
    return value;
  }

  /** 400 for a value that this server does not support. */
  public static ApiException unsupported(String param) {
    return ApiException.invalid(
        param, "unsupported_value", "Invalid '%s': not supported by this server.".formatted(param));
  }
}
