package dev.threadmill.tools.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** What a model is told of the answer of a tool. */
public final class ResponseText {
  private static final int MOST_OF_AN_ERROR = 2_000;

  private ResponseText() {}

  /** The answer of a call that succeeded; it has to be text, and JSON if it says so. */
  public static String of(HttpResponse answer) throws ToolException {
    if (answer.body().length == 0) {
      return "{\"status\":%d}".formatted(answer.status());
    }
    var type = answer.mediaType();
    if (!isText(type) && !(type.isEmpty() && isUtf8(answer.body()))) {
      throw new ToolException(
          "answer_unusable",
          false,
          "The call was made, but its answer is not text but '%s'."
              .formatted(type.isEmpty() ? "unknown" : type));
    }
    var text = StorableText.of(answer.text());
    if (isJson(type)) {
      try {
        Json.MAPPER.readTree(text);
      } catch (JsonProcessingException e) {
        throw new ToolException(
            "answer_unusable",
            false,
            "The call was made, but its answer is not the JSON it claims.");
      }
    }
    return text;
  }

  /** The answer of a call that failed. */
  public static String ofError(HttpResponse answer) {
    var text = isText(answer.mediaType()) ? StorableText.of(answer.text()) : "";
    var shown =
        text.length() <= MOST_OF_AN_ERROR ? text : text.substring(0, MOST_OF_AN_ERROR) + "…";
    return ToolError.output(
        "http_%d".formatted(answer.status()),
        "The tool answered with status %d%s"
            .formatted(answer.status(), shown.isBlank() ? "." : ": " + shown));
  }

  /** How long the receiver wants to be left alone, or null if it does not say so in seconds. */
  public static Duration retryAfter(HttpResponse answer) {
    return answer
        .header("retry-after")
        .filter(text -> text.matches("[0-9]{1,6}"))
        .map(text -> Duration.ofSeconds(Long.parseLong(text)))
        .orElse(null);
  }

  private static boolean isJson(String type) {
    return type.equals("application/json") || type.endsWith("+json");
  }

  private static boolean isText(String type) {
    return isJson(type)
        || type.startsWith("text/")
        || type.endsWith("+xml")
        || switch (type) {
          case "application/xml",
              "application/yaml",
              "application/x-yaml",
              "application/x-ndjson",
              "application/ndjson",
              "application/jsonl",
              "application/javascript",
              "application/x-www-form-urlencoded" ->
              true;
          default -> false;
        };
  }

  private static boolean isUtf8(byte[] bytes) {
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }
}
