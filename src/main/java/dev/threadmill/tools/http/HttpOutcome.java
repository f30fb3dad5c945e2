package dev.threadmill.tools.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.threadmill.api.Json;
import dev.threadmill.api.StorableText;
import dev.threadmill.egress.EgressException;
import dev.threadmill.egress.HttpResponse;
import dev.threadmill.tools.ToolError;
import dev.threadmill.tools.ToolResult;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;

/**
 * What one HTTP request of a tool came to.
 *
 * @param isRetryable whether the call surely had no effect and another try may succeed
 * @param retryAfter the wait before the next try that the receiver requires; null if it gives none
 */
public record HttpOutcome(ToolResult result, boolean isRetryable, Duration retryAfter) {
  private static final int MAX_ERROR = 2_000;
  private static final Set<Integer> RETRYABLE = Set.of(408, 425, 429, 503);
  private static final Set<String> TEXT =
      Set.of(
          "application/xml",
          "application/yaml",
          "application/x-yaml",
          "application/x-ndjson",
          "application/ndjson",
          "application/jsonl",
          "application/javascript",
          "application/x-www-form-urlencoded");

  /** The outcome of a request that has a response: its text, or an error by its status. */
  public static HttpOutcome of(HttpResponse response) {
    int status = response.status();
    if (status >= 200 && status < 300) {
      return ended(text(response));
    }
    var error = error(response);
    if (RETRYABLE.contains(status)) {
      return new HttpOutcome(new ToolResult.Failed(error), true, retryAfter(response));
    }
    return ended(
        status >= 500 ? new ToolResult.OutcomeUnknown(error) : new ToolResult.Failed(error));
  }

  /** The outcome of a request without a usable response. */
  public static HttpOutcome of(EgressException e) {
    return switch (e.kind()) {
      case REFUSED -> ended(ToolResult.failed("not_allowed", e.getMessage()));
      case TOO_LARGE ->
          ended(ToolResult.failed("answer_unusable", "The call was made. " + e.getMessage()));
      case UNREACHABLE, TIMED_OUT, BROKEN ->
          e.mayHaveArrived()
              ? ended(
                  ToolResult.outcomeUnknown(
                      e.getMessage() + " It is unknown whether the call took effect."))
              : new HttpOutcome(ToolResult.failed("unreachable", e.getMessage()), true, null);
    };
  }

  /** An outcome that another try does not change. */
  public static HttpOutcome ended(ToolResult result) {
    return new HttpOutcome(result, false, null);
  }

  /** The error of a response whose status is not a success. */
  public static ToolError error(HttpResponse response) {
    var text = isText(response.mediaType()) ? StorableText.of(response.text()) : "";
    var shown =
        text.length() <= MAX_ERROR ? text : StorableText.of(text.substring(0, MAX_ERROR)) + "…";
    return ToolError.of(
        "http_%d".formatted(response.status()),
        "The tool answered with status %d%s"
            .formatted(response.status(), shown.isBlank() ? "." : ": " + shown));
  }

  /** The body of a success, which has to be text, and JSON if it says so. */
  private static ToolResult text(HttpResponse response) {
    if (response.body().length == 0) {
      return ToolResult.text("{\"status\":%d}".formatted(response.status()));
    }
    var type = response.mediaType();
    if (!isText(type) && !(type.isEmpty() && isUtf8(response.body()))) {
      return ToolResult.failed(
          "answer_unusable",
          "The call was made, but its answer is not text but '%s'."
              .formatted(type.isEmpty() ? "unknown" : StorableText.of(type)));
    }
    var text = StorableText.of(response.text());
    if (isJson(type)) {
      try {
        Json.MAPPER.readTree(text);
      } catch (JsonProcessingException e) {
        return ToolResult.failed(
            "answer_unusable", "The call was made, but its answer is not the JSON it claims.");
      }
    }
    return ToolResult.text(text);
  }

  /** Null if the receiver does not say it in seconds. */
  private static Duration retryAfter(HttpResponse response) {
    return response
        .header("retry-after")
        .filter(text -> text.matches("[0-9]{1,6}"))
        .map(text -> Duration.ofSeconds(Long.parseLong(text)))
        .orElse(null);
  }

  private static boolean isJson(String type) {
    return type.equals("application/json") || type.endsWith("+json");
  }

  private static boolean isText(String type) {
    return isJson(type) || type.startsWith("text/") || type.endsWith("+xml") || TEXT.contains(type);
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
