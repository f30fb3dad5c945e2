package dev.threadmill.testing;

import static dev.threadmill.testing.ChatChunks.call;
import static dev.threadmill.testing.ChatChunks.calls;
import static dev.threadmill.testing.ChatChunks.choices;
import static dev.threadmill.testing.ChatChunks.delta;
import static dev.threadmill.testing.ChatChunks.piece;
import static dev.threadmill.testing.ChatChunks.sse;
import static dev.threadmill.testing.ChatChunks.stop;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * A provider that does what real ones are known to do, one quirk a model name. It keeps nothing: a
 * quirk that refuses looks at the request alone, so a request that gets through is one that such a
 * provider accepts.
 *
 * <p>Models whose name begins with {@code call-} call the first tool on offer once after each
 * message of the user.
 */
public final class QuirkyProvider {
  private static final ObjectMapper JSON = new ObjectMapper();
  static final String ANSWER = "It is sunny.";

  /** An id that Mistral accepts, and gives itself. */
  public static final String SHORT_ID = "aB3dE6gH9";

  private final JsonNode body;
  private final String model;

  private QuirkyProvider(FakeProvider.Request request) {
    this.body = request.body();
    this.model = request.model();
  }

  /** What the provider replies to a request. */
  public static Reply reply(FakeProvider.Request request) {
    return new QuirkyProvider(request).reply();
  }

  private Reply reply() {
    return switch (model) {
      case "refuses-temperature" ->
          body.has("temperature")
              ? refusal(
                  "unsupported_value",
                  "temperature",
                  "Unsupported value: 'temperature' does not support 0.5 with this model. Only the"
                      + " default (1) value is supported.")
              : answer();
      case "refuses-temperature-beside-top-p" ->
          body.has("temperature") && body.has("top_p")
              ? refusal(
                  "",
                  "",
                  "`temperature` and `top_p` cannot both be specified for this model. Please use"
                      + " only one.")
              : answer();
      case "refuses-whatever-is-set" -> refusesWhateverIsSet();
      case "wants-max-tokens" ->
          body.has("max_completion_tokens")
              ? pydantic("max_completion_tokens", "Extra inputs are not permitted")
              : answer();
      case "wants-max-completion-tokens" ->
          body.has("max_tokens")
              ? refusal(
                  "unsupported_parameter",
                  "max_tokens",
                  "Unsupported parameter: 'max_tokens' is not supported with this model. Use"
                      + " 'max_completion_tokens' instead.")
              : answer();
      case "writes-64-tokens-at-most" ->
          body.path("max_completion_tokens").asInt() > 64
              ? refusal(
                  "invalid_value",
                  "max_tokens",
                  "max_tokens is too large: 5000. This model supports at most 64 completion tokens,"
                      + " whereas you provided 5000.")
              : answer();
      case "call-short-ids" ->
          callOr(this::hasLongIds, QuirkyProvider::shortIdsOnly, SHORT_ID, null);
      case "call-signature" ->
          callOr(
              QuirkyProvider::lacksSignature,
              () ->
                  refusal(
                      "",
                      "",
                      "Function call is missing a thought_signature in functionCall parts."),
              "function-call-123",
              "{\"google\":{\"thought_signature\":\"c2lnbmVk\"}}");
      case "call-reasoning" ->
          callOr(
              call -> !call.path("reasoning_content").isTextual(),
              () ->
                  refusal(
                      "",
                      "",
                      "thinking is enabled but reasoning_content is missing in assistant tool call"
                          + " message at index 1"),
              "functions.get_weather:0",
              null);
      case "alternates" ->
          alternates()
              ? answer()
              : refusal(
                  "", "", "Conversation roles must alternate user/assistant/user/assistant/...");
      case "refuses-blanks" ->
          anyBlank()
              ? new Reply(
                  422,
                  Map.of("content-type", "application/json"),
                  List.of(raw("{\"detail\":\"messages: text content blocks must be non-empty\"}")))
              : answer();
      case "has-600-tokens" -> window(600);
      case "refuses-system" ->
          body.at("/messages/0/role").asText().equals("system")
              ? refusal("", "", "System role not supported")
              : answer();
      case "sse-as-json" -> Reply.raw("application/json", sse(delta("content", ANSWER), stop()));
      case "no-reason-but-done" -> Reply.text(ANSWER).without(Reply.Step.Finish.class);
      case "cut" ->
          Reply.text(ANSWER).without(Reply.Step.Finish.class).without(Reply.Step.Done.class);
      case "error-in-choice" ->
          Reply.raw(
              "text/event-stream",
              sse(
                  "{\"choices\":[{\"delta\":{\"content\":\"It\"},\"error\":{\"code\":502,"
                      + "\"message\":\"Upstream broke\"},\"finish_reason\":\"error\"}]}"));
      case "thinks-in-text" ->
          Reply.raw(
              "text/event-stream",
              sse(delta("content", "<th")),
              sse(delta("content", "ink>Clouds? No")),
              sse(delta("content", ".</thi")),
              sse(delta("content", "nk>\n\n" + ANSWER), stop()));
      case "call-empty-object-first" ->
          isAnswered()
              ? answer()
              : calls(piece(0, "a", "get_weather", "{}"), piece(0, "", "", "{\"city\":\"Rome\"}"));
      case "call-wrong-index" ->
          isAnswered()
              ? answer()
              : calls(
                  piece(0, "a", "get_weather", "{\"city\":\"Rome\"}"),
                  piece(1, "b", "get_weather", "{\"city\":"),
                  piece(0, "", "", "\"Oslo\"}"));
      case "call-no-index" ->
          isAnswered()
              ? answer()
              : calls(
                  piece(-1, "a", "get_weather", "{\"city\":\"Rome\"}"),
                  piece(-1, "b", "get_weather", "{\"city\":"),
                  piece(-1, "", "", "\"Oslo\"}"));
      case "call-wrapped" ->
          isAnswered()
              ? answer()
              : calls(
                  piece(
                      0,
                      "a",
                      "multi_tool_use.parallel",
                      "{\"tool_uses\":[{\"recipient_name\":\"functions.get_weather\",\"parameters\":"
                          + "{\"city\":\"Rome\"}},{\"recipient_name\":\"functions.get_weather\","
                          + "\"parameters\":{\"city\":\"Oslo\"}}]}"));
      case "call-between-texts" ->
          isAnswered()
              ? answer()
              : Reply.raw(
                  "text/event-stream",
                  sse(delta("content", "Let me look.")),
                  sse(call(piece(0, "a", "get_weather", "{\"city\":\"Rome\"}"))),
                  sse(delta("content", "One moment."), stop()));
      default -> byPrefix();
    };
  }

  private Reply byPrefix() {
    if (model.startsWith("finish-")) {
      return Reply.raw(
          "text/event-stream",
          sse(
              delta("content", ANSWER),
              "{\"choices\":[{\"delta\":{},\"finish_reason\":\"%s\"}]}"
                  .formatted(model.substring("finish-".length()))));
    }
    if (model.startsWith("usage-")) {
      var usage =
          switch (model) {
            case "usage-negative" -> "{\"prompt_tokens\":-5,\"completion_tokens\":-1}";
            case "usage-zero" -> "{\"prompt_tokens\":0,\"completion_tokens\":0}";
            case "usage-huge" -> "{\"prompt_tokens\":9e18,\"completion_tokens\":99999999999}";
            case "usage-text" -> "{\"prompt_tokens\":\"many\",\"completion_tokens\":null}";
            default -> "null";
          };
      return Reply.raw(
          "text/event-stream",
          sse(
              delta("content", ANSWER),
              "{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":" + usage + "}"));
    }
    return ReportedQuirks.reply(model, body).orElseGet(QuirkyProvider::answer);
  }

  static Reply answer() {
    return Reply.text(ANSWER);
  }

  /** A call after a message of the user, an answer after the result; a refusal where one is due. */
  private Reply callOr(
      Predicate<JsonNode> isWrong, Supplier<Reply> refusal, String id, String extra) {
    for (var message : body.path("messages")) {
      if (message.path("tool_calls").size() > 0 && isWrong.test(message)) {
        return refusal.get();
      }
    }
    if (isAnswered()) {
      return answer();
    }
    var call = JSON.createObjectNode().put("index", 0).put("id", id).put("type", "function");
    call.putObject("function").put("name", "get_weather").put("arguments", "{}");
    if (extra != null) {
      call.set("extra_content", json(extra));
    }
    var delta = JSON.createObjectNode();
    if (model.equals("call-reasoning")) {
      delta.put("reasoning_content", "The weather is asked for.");
    }
    delta.putArray("tool_calls").add(call);
    var choice = JSON.createObjectNode();
    choice.set("delta", delta);
    return Reply.raw("text/event-stream", sse(choices(choice), stop()));
  }

  private boolean hasLongIds(JsonNode message) {
    for (var call : message.path("tool_calls")) {
      if (!call.path("id").asText().matches("[a-zA-Z0-9]{9}")) {
        return true;
      }
    }
    return false;
  }

  private static Reply shortIdsOnly() {
    return refusal(
        "", "", "Tool call id was call_123456789 but must be a-z, A-Z, 0-9, with a length of 9.");
  }

  private static boolean lacksSignature(JsonNode message) {
    return !message
        .at("/tool_calls/0/extra_content/google/thought_signature")
        .asText()
        .equals("c2lnbmVk");
  }

  private Reply refusesWhateverIsSet() {
    for (var name :
        new String[] {
          "stream_options", "temperature", "top_p", "reasoning_effort", "parallel_tool_calls"
        }) {
      if (body.has(name)) {
        return refusal("", "", "Unrecognized request argument supplied: " + name);
      }
    }
    return answer();
  }

  private boolean alternates() {
    var last = "assistant";
    for (var message : body.path("messages")) {
      var role = message.path("role").asText();
      if (role.equals("system")) {
        continue;
      }
      if (role.equals(last)) {
        return false;
      }
      last = role;
    }
    return last.equals("user");
  }

  private boolean anyBlank() {
    for (var message : body.path("messages")) {
      if (message.path("content").isTextual() && message.path("content").asText().isBlank()) {
        return true;
      }
      for (var part : message.path("content")) {
        if (part.path("text").isTextual() && part.path("text").asText().isBlank()) {
          return true;
        }
      }
    }
    return false;
  }

  /** Counts three characters as a token. */
  private Reply window(int tokens) {
    int used = body.path("messages").toString().length() / 3;
    return used > tokens
        ? refusal(
            "context_length_exceeded",
            "messages",
            "This model's maximum context length is %d tokens. However, your messages resulted in %d"
                    .formatted(tokens, used)
                + " tokens. Please reduce the length of the messages.")
        : answer();
  }

  /** Whether the result of a call is the last message. */
  private boolean isAnswered() {
    var messages = body.path("messages");
    return messages.path(messages.size() - 1).path("role").asText().equals("tool");
  }

  static Reply refusal(String code, String param, String message) {
    var error = JSON.createObjectNode();
    error
        .putObject("error")
        .put("message", message)
        .put("type", "invalid_request_error")
        .put("param", param)
        .put("code", code);
    return new Reply(
        400, Map.of("content-type", "application/json"), List.of(raw(error.toString())));
  }

  private static Reply pydantic(String field, String message) {
    var error = JSON.createObjectNode();
    var detail = error.putArray("detail").addObject();
    detail.put("type", "extra_forbidden").put("msg", message);
    detail.putArray("loc").add("body").add(field);
    return new Reply(
        422, Map.of("content-type", "application/json"), List.of(raw(error.toString())));
  }

  static Reply.Step raw(String text) {
    return new Reply.Step.Raw(text.getBytes(StandardCharsets.UTF_8));
  }

  private static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
