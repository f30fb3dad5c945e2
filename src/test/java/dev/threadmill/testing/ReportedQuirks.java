package dev.threadmill.testing;

import static dev.threadmill.testing.ChatChunks.call;
import static dev.threadmill.testing.ChatChunks.calls;
import static dev.threadmill.testing.ChatChunks.delta;
import static dev.threadmill.testing.ChatChunks.piece;
import static dev.threadmill.testing.ChatChunks.sse;
import static dev.threadmill.testing.ChatChunks.stop;
import static dev.threadmill.testing.QuirkyProvider.ANSWER;
import static dev.threadmill.testing.QuirkyProvider.raw;
import static dev.threadmill.testing.QuirkyProvider.refusal;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.api.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** What users report of vLLM, SGLang, llama.cpp, LM Studio, Groq, OpenRouter and gateways. */
final class ReportedQuirks {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ROME = "{\"city\":\"Rome\"}";
  private static final String EVENTS = "text/event-stream";
  private static final String DETAILS =
      "[{\"type\":\"reasoning.text\",\"text\":\"Rome is hot.\",\"index\":0,\"signature\":\"c2ln\"}]";

  private final JsonNode body;

  private ReportedQuirks(JsonNode body) {
    this.body = body;
  }

  /** What the provider replies; empty for models without such a quirk. */
  static Optional<Reply> reply(String model, JsonNode body) {
    return Optional.ofNullable(new ReportedQuirks(body).reply(model));
  }

  private Reply reply(String model) {
    return switch (model) {
      case "whole-without-reason" ->
          Reply.raw(
              "application/json",
              bytes("{\"choices\":[{\"message\":{\"content\":\"" + ANSWER + "\"}}]}"));
      case "json-lines" ->
          Reply.raw("application/x-ndjson", bytes(delta("content", ANSWER) + "\n" + stop() + "\n"));
      case "field-twice" ->
          Reply.raw(EVENTS, sse("data: " + delta("content", ANSWER), "data: " + stop()));
      case "lines-for-events" ->
          Reply.raw(
              EVENTS,
              bytes(
                  "data: %s\ndata: %s\ndata: %s\ndata: [DONE]\n"
                      .formatted(delta("content", "It is "), delta("content", "sunny."), stop())));
      case "pings" ->
          Reply.raw(
              EVENTS,
              bytes(": OPENROUTER PROCESSING\n\nevent: ping\ndata: \n\ndata: keep-alive\n\n"),
              sse(delta("content", ANSWER)),
              bytes("data: ping\n\n"),
              sse(stop(), "[DONE]"));
      case "byte-order-mark-and-carriage-returns" ->
          Reply.raw(
              EVENTS,
              bytes(
                  "\uFEFFdata:%s\r\rdata:%s\r\rdata:[DONE]\r\r"
                      .formatted(delta("content", ANSWER), stop())));
      case "empty-errors" ->
          Reply.raw(
              EVENTS,
              sse(
                  with(delta("content", "It is "), "error", "\"\""),
                  with(delta("content", "sunny."), "error", "{}"),
                  with(stop(), "error", "false")));
      case "stops-with-each-chunk" ->
          Reply.raw(
              EVENTS,
              sse(
                  "{\"choices\":[{\"delta\":{\"content\":\"It is \"},\"finish_reason\":\"stop\"}]}",
                  "{\"choices\":[{\"delta\":{\"content\":\"sunny.\"},\"finish_reason\":\"stop\"}]}",
                  "[DONE]"));
      case "nulls" ->
          Reply.raw(
              EVENTS,
              sse(
                  "{\"choices\":null,\"usage\":null,\"error\":null}",
                  "{\"choices\":[{\"delta\":null,\"finish_reason\":null}]}",
                  "{\"choices\":[{\"index\":null,\"delta\":{\"role\":null,\"content\":null,"
                      + "\"tool_calls\":null,\"reasoning_content\":null}}]}",
                  delta("content", ANSWER),
                  "{\"choices\":[{\"delta\":{},\"finish_reason\":\"\"}]}",
                  stop()));
      case "parts-without-type" ->
          Reply.raw(
              EVENTS,
              sse(
                  "{\"choices\":[{\"delta\":{\"content\":[{\"text\":\"It is \"}]}}]}",
                  "{\"choices\":[{\"delta\":{\"content\":{\"type\":\"text\",\"text\":\"sunny.\"}}}]}",
                  stop()));
      case "error-as-text" ->
          Reply.raw(
              EVENTS,
              sse(delta("content", "It ")),
              bytes("event: error\ndata: upstream worker ran out of memory\n\n"));
      case "nothing" -> Reply.raw(EVENTS, sse(stop(), "[DONE]"));
      case "reasoning-only" ->
          Reply.raw(EVENTS, sse(delta("reasoning_content", "Is it sunny?"), stop(), "[DONE]"));
      default -> model.startsWith("call-") ? callsOf(model) : refusals(model);
    };
  }

  private Reply callsOf(String model) {
    boolean isAnswered = last("role").equals("tool");
    return switch (model) {
      case "call-null-names" ->
          isAnswered
              ? null
              : Reply.raw(
                  EVENTS,
                  sse(
                      call(piece(0, "a", "get_weather", "")),
                      "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":null,"
                          + "\"type\":null,\"function\":{\"name\":null,\"arguments\":"
                          + "\"{\\\"city\\\":\\\"Rome\\\"}\"}}]},\"finish_reason\":\"tool_calls\"}]}"));
      case "call-name-with-token" ->
          isAnswered ? null : calls(piece(0, "a", "get_weather<|channel|>json", ROME));
      case "call-name-with-number" ->
          isAnswered ? null : calls(piece(0, "a", "functions.get_weather:0", ROME));
      case "call-quoted" ->
          isAnswered
              ? null
              : calls(
                  piece(0, "a", "get_weather", "\"{\\\"city\\\":"),
                  piece(0, "", "", "\\\"Rome\\\"}\""));
      case "call-with-null" -> isAnswered ? null : calls(piece(0, "a", "get_weather", "null"));
      case "call-same-ids" ->
          isAnswered
              ? null
              : calls(
                  piece(-1, "call_0", "get_weather", ROME),
                  piece(-1, "call_0", "get_weather", "{\"city\":\"Oslo\"}"));
      case "call-cut" -> cut(isAnswered);
      case "call-reasoning-details" -> reasoningDetails(isAnswered);
      default -> null;
    };
  }

  /** As of vLLM, which names calls as the reason where the limit of tokens cut one. */
  private Reply cut(boolean isAnswered) {
    for (var message : body.path("messages")) {
      for (var each : message.path("tool_calls")) {
        if (!isObject(each.at("/function/arguments").asText())) {
          return refusal("", "", "Unterminated string starting at: line 1 column 10 (char 9)");
        }
      }
    }
    return isAnswered || last("content").matches("(?s)\\[Result: .*]")
        ? null
        : Reply.raw(
            EVENTS,
            sse(
                call(piece(0, "a", "get_weather", "{\"city\": \"Ro")),
                "{\"choices\":[{\"delta\":{},\"finish_reason\":\"tool_calls\"}]}",
                "[DONE]"));
  }

  private Reply reasoningDetails(boolean isAnswered) {
    for (var message : body.path("messages")) {
      if (message.path("tool_calls").size() > 0
          && !message.path("reasoning_details").equals(Json.tree(DETAILS))) {
        return refusal("", "", "Encrypted content is missing.");
      }
    }
    return isAnswered
        ? null
        : Reply.raw(
            EVENTS,
            sse(
                details("\"type\":\"reasoning.text\",\"text\":\"Rome \",\"index\":0"),
                details("\"type\":\"reasoning.text\",\"text\":\"is hot.\",\"index\":0"),
                details("\"type\":\"reasoning.text\",\"signature\":\"c2ln\",\"index\":0"),
                call(piece(0, "a", "get_weather", ROME)),
                stop()));
  }

  private static String details(String fields) {
    return "{\"choices\":[{\"delta\":{\"reasoning_details\":[{" + fields + "}]}}]}";
  }

  private Reply refusals(String model) {
    return switch (model) {
      case "json-schema-or-text" ->
          body.at("/response_format/type").asText().equals("json_object")
              ? status(
                  400, "{\"error\":\"'response_format.type' must be 'json_schema' or 'text'\"}")
              : null;
      case "tool-choice-in-words" ->
          body.path("tool_choice").isObject()
              ? status(
                  400,
                  "{\"error\":\"Invalid tool_choice type: 'object'. Supported string values: none,"
                      + " auto, required\"}")
              : null;
      case "template-fails" ->
          anyContent(JsonNode::isNull)
              ? status(
                  500,
                  "{\"error\":{\"code\":500,\"message\":\"Cannot subscript null at row 23, column"
                      + " 40\",\"type\":\"server_error\"}}")
              : null;
      case "no-vision" ->
          anyPart("image_url")
              ? refusal(
                  "", "", "Invalid content type. image_url is only supported by certain models.")
              : null;
      case "no-mmproj" ->
          anyPart("image_url")
              ? status(
                  500,
                  "{\"error\":{\"code\":500,\"message\":\"image input is not supported - hint: if"
                      + " this is unexpected, you may need to provide the mmproj\"}}")
              : null;
      case "no-endpoint-with-vision" ->
          anyPart("image_url")
              ? status(
                  404,
                  "{\"error\":{\"message\":\"No endpoints found that support image input\","
                      + "\"code\":404}}")
              : null;
      case "unknown-variant" ->
          anyPart("image_url")
              ? refusal("", "", "messages[0]: unknown variant `image_url`, expected `text`")
              : null;
      case "no-hearing" ->
          anyPart("input_audio")
              ? refusal("", "", "This model does not support audio input.")
              : null;
      case "text-only" ->
          anyContent(JsonNode::isArray)
              ? refusal("", "", "'messages.0' : value must be a string: content must be a string")
              : null;
      default -> null;
    };
  }

  private boolean anyContent(Predicate<JsonNode> kind) {
    for (var message : body.path("messages")) {
      if (message.has("content") && kind.test(message.get("content"))) {
        return true;
      }
    }
    return false;
  }

  private boolean anyPart(String type) {
    for (var message : body.path("messages")) {
      for (var part : message.path("content")) {
        if (part.path("type").asText().equals(type)) {
          return true;
        }
      }
    }
    return false;
  }

  private String last(String field) {
    var messages = body.path("messages");
    return messages.path(messages.size() - 1).path(field).asText();
  }

  private static boolean isObject(String text) {
    try {
      return JSON.readTree(text).isObject();
    } catch (IOException _) {
      return false;
    }
  }

  private static String with(String chunk, String field, String json) {
    return "{\"" + field + "\":" + json + "," + chunk.substring(1);
  }

  private static Reply status(int status, String body) {
    return new Reply(status, Map.of("content-type", "application/json"), List.of(raw(body)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
