package dev.threadmill.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.databind.JavaType;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.exc.InvalidFormatException;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Reads the body of a request. Any error in it is a 400 that names the field. */
public final class JsonBody {
  /**
   * How many tokens a body may have: brackets, names and values. A tree of small values takes
   * twenty times the bytes of its text; one of so many tokens takes about 40 MB.
   */
  static final int MAX_TOKENS = 500_000;

  private static final JsonFactory FACTORY =
      new JsonFactoryBuilder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .streamReadConstraints(
              StreamReadConstraints.builder()
                  .maxNestingDepth(Json.MAX_DEPTH)
                  .maxTokenCount(MAX_TOKENS)
                  .build())
          .build()
          .setCodec(Json.MAPPER);

  private JsonBody() {}

  /** The body as text, without parsing; 400 for text that cannot be stored. */
  public static String text(byte[] body) {
    return JsonBodyDecoder.of(body);
  }

  /** The body as a value of this type. */
  public static <T> T read(byte[] body, Class<T> type) {
    return read(body, Json.MAPPER.constructType(type));
  }

  /** As {@link #read(byte[], Class)}, for generic types. An empty body reads as an empty object. */
  public static <T> T read(byte[] body, JavaType type) {
    return HeavyWork.runForRequest(body.length, () -> parsed(body, type));
  }

  private static <T> T parsed(byte[] body, JavaType type) {
    var text = body.length == 0 ? "{}" : JsonBodyDecoder.of(body);
    try (var parser = FACTORY.createParser(text)) {
      T value = Json.MAPPER.readValue(parser, type);
      if (value == null) {
        throw ApiException.invalid(
            null, "invalid_type", "Invalid body: expected a JSON object, got null.");
      }
      return value;
    } catch (JsonProcessingException e) {
      throw translated(e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The body with this field added or replaced; a body that is no object is returned unchanged. */
  public static byte[] withField(byte[] body, String name, String value) {
    var node = read(body, Json.MAPPER.constructType(JsonNode.class));
    return node instanceof ObjectNode object
        ? Json.write(object.put(name, value)).getBytes(StandardCharsets.UTF_8)
        : body;
  }

  private static ApiException translated(JsonProcessingException e) {
    if (ownError(e) instanceof ApiException own) {
      return own;
    }
    if (isTooMuch(e)) {
      return ApiException.invalid(
          null,
          "invalid_json",
          "The JSON body nests deeper than %d levels, or has more than %,d values or a number that is too long."
              .formatted(Json.MAX_DEPTH, MAX_TOKENS));
    }
    return switch (e) {
      case UnrecognizedPropertyException unknown -> {
        var param = path(unknown.getPath());
        yield ApiException.invalid(
            param, "unknown_parameter", "Unknown parameter: '%s'.".formatted(param));
      }
      case InvalidTypeIdException union -> invalidVariant(union);
      case InvalidFormatException word when word.getTargetType().isEnum() -> unknownWord(word);
      case JsonMappingException mismatch -> {
        var param = path(mismatch.getPath());
        yield ApiException.invalid(
            param.isEmpty() ? null : param,
            "invalid_type",
            param.isEmpty()
                ? "Invalid body: expected a JSON object of the documented shape."
                : "Invalid type for '%s': the value does not have the documented type."
                    .formatted(param));
      }
      case JsonParseException broken ->
          ApiException.invalid(
              null,
              "invalid_json",
              "We could not parse the JSON body of your request (line %d, column %d)."
                  .formatted(
                      broken.getLocation() == null ? 1 : broken.getLocation().getLineNr(),
                      broken.getLocation() == null ? 1 : broken.getLocation().getColumnNr()));
      default ->
          ApiException.invalid(
              null, "invalid_json", "We could not parse the JSON body of your request.");
    };
  }

  private static boolean isTooMuch(Throwable e) {
    for (var cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof StreamConstraintsException) {
        return true;
      }
    }
    return false;
  }

  private static ApiException invalidVariant(InvalidTypeIdException union) {
    var at = path(union.getPath());
    var param = at.isEmpty() ? "type" : at + ".type";
    return union.getTypeId() == null
        ? ApiException.missing(param)
        : ApiException.invalid(
            param,
            "Invalid value for '%s': '%s'.%s"
                .formatted(param, clip(union.getTypeId()), hint(union)));
  }

  private static String hint(InvalidTypeIdException union) {
    for (var hint :
        union.getBaseType().getRawClass().getAnnotationsByType(UnknownVariantHint.class)) {
      if (List.of(hint.types()).contains(union.getTypeId())) {
        return " " + hint.message();
      }
    }
    return "";
  }

  private static ApiException unknownWord(InvalidFormatException word) {
    var param = path(word.getPath());
    var known =
        Stream.of(word.getTargetType().getEnumConstants())
            .map(constant -> Json.MAPPER.<JsonNode>valueToTree(constant).asText())
            .collect(Collectors.joining("', '", "'", "'"));
    return ApiException.invalid(
        param,
        "Invalid value for '%s': '%s'. Supported values are: %s."
            .formatted(param, clip(String.valueOf(word.getValue())), known));
  }

  /** The exception of a record's constructor, which Jackson wraps. */
  private static ApiException ownError(Throwable e) {
    var path =
        e instanceof JsonMappingException mapping
            ? mapping.getPath()
            : List.<JsonMappingException.Reference>of();
    for (var cause = e.getCause(); cause != null; cause = cause.getCause()) {
      if (cause instanceof ApiException own) {
        return below(path, own);
      }
    }
    return null;
  }

  /** Prefixes the field of an element with the path of the element. */
  private static ApiException below(List<JsonMappingException.Reference> path, ApiException own) {
    var full = path(path);
    var param = own.error().param();
    if (param == null || full.isEmpty() || full.equals(param) || full.endsWith("." + param)) {
      var named = full.isEmpty() ? param : full;
      return named == null || named.equals(param) ? own : renamed(own, param, named);
    }
    if (param.startsWith(full)) {
      return own;
    }
    // a field that names itself, such as attributes.size, wherever it stands
    var last = path.getLast().getFieldName();
    boolean isItself =
        last != null && (param.startsWith(last + ".") || param.startsWith(last + "["));
    var rest = isItself ? param.substring(last.length()) : "." + param;
    return renamed(own, param, full + rest);
  }

  private static ApiException renamed(ApiException own, String param, String fullParam) {
    var error = own.error();
    var message =
        param == null ? error.message() : error.message().replace("'" + param, "'" + fullParam);
    return new ApiException(
        own.httpStatus(), new ApiError(message, error.type(), fullParam, error.code()));
  }

  private static String path(List<JsonMappingException.Reference> references) {
    var path = new StringBuilder();
    for (var reference : references) {
      if (reference.getFieldName() == null) {
        path.append('[').append(reference.getIndex()).append(']');
      } else {
        path.append(path.isEmpty() ? "" : ".").append(clip(reference.getFieldName()));
      }
    }
    return path.toString();
  }

  private static String clip(String text) {
    return text.length() <= 80 ? text : text.substring(0, 80) + "…";
  }
}
