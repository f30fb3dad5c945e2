package dev.threadmill.protocols.responses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.Usage;
import dev.threadmill.protocols.responses.items.ItemIds;
import dev.threadmill.protocols.responses.request.RequestFields;
import dev.threadmill.protocols.responses.request.ResponseRequest;
import dev.threadmill.runs.api.RunSnapshot;
import java.util.List;
import java.util.Set;

/** A response as JSON. Every key is always present. */
final class ResponseObject {
  /** The field of a stored request whose answer is shown as a compaction. */
  static final String AS_COMPACTION = "as_compaction";

  /**
   * The field of a stored request that says that calls of the server are shown when the model
   * begins them. Responses that an earlier version has created do without it, and are replayed as
   * they were streamed.
   */
  static final String EARLY_CALLS = "early_calls";

  static final String CONTEXT_LENGTH = "context_length_exceeded";

  private static final String TOO_LONG = "Your input exceeds the context window";

  /** The fields of the request that a response repeats unchanged. */
  private static final List<String> ECHOED =
      List.of(
          "instructions",
          "max_output_tokens",
          "max_tool_calls",
          "parallel_tool_calls",
          "temperature",
          "top_p",
          "tool_choice",
          "user",
          "safety_identifier",
          "prompt_cache_key",
          "prompt_cache_retention",
          "prompt",
          "metadata",
          "budget",
          "presence_penalty",
          "frequency_penalty");

  private static final Set<String> FOR_CLIENT =
      Set.of("function_call", "custom_tool_call", "mcp_approval_request");

  private static final Set<String> CODES =
      Set.of("server_error", "rate_limit_exceeded", "invalid_prompt", "insufficient_quota");

  private ResponseObject() {}

  /** What is stored of a request, to be repeated. */
  static ObjectNode echo(ResponseRequest request) {
    var body = request.body();
    var echo = Json.MAPPER.createObjectNode();
    for (var field : ECHOED) {
      if (!RequestFields.isAbsent(body.path(field))) {
        echo.set(field, body.get(field));
      }
    }
    echo.put("model", request.model());
    echo.set("tools", request.tools().echo());
    var text = echo.putObject("text");
    var format = body.at("/text/format");
    text.set(
        "format",
        RequestFields.isAbsent(format)
            ? Json.MAPPER.createObjectNode().put("type", "text")
            : format);
    if (request.verbosity() != null) {
      text.put("verbosity", request.verbosity());
    }
    if (body.path("reasoning").isObject()) {
      echo.set("reasoning", body.get("reasoning"));
    }
    echo.put("truncation", request.truncates() ? "auto" : "disabled");
    echo.set("names", Json.MAPPER.valueToTree(request.tools().names()));
    echo.put("summary", request.summarizesReasoning());
    echo.put("encrypted", request.include().encryptedReasoning());
    if (request.tools().container() != null && request.tools().container().id() != null) {
      echo.put("container", request.tools().container().id());
    }
    echo.set("include", Json.MAPPER.valueToTree(request.include().values()));
    echo.put(EARLY_CALLS, true);
    return echo;
  }

  /**
   * The response.
   *
   * @param status on the wire
   * @param run at this moment
   */
  static ObjectNode of(StoredResponse stored, String status, RunSnapshot run, ArrayNode output) {
    var request = stored.request();
    boolean ended = !status.equals("queued") && !status.equals("in_progress");
    var object =
        Json.MAPPER
            .createObjectNode()
            .put("id", stored.id())
            .put("object", "response")
            .put("created_at", stored.created().getEpochSecond());
    object.set("completed_at", completedAt(stored, status, run, output));
    object.put("status", status).put("background", stored.background());
    object.set("error", status.equals("failed") ? error(run) : Json.MAPPER.nullNode());
    object.set(
        "incomplete_details",
        status.equals("incomplete")
            ? incompleteDetails(run.incompleteReason())
            : Json.MAPPER.nullNode());
    object.set("instructions", or(request, "instructions", Json.MAPPER.nullNode()));
    object.set("max_output_tokens", or(request, "max_output_tokens", Json.MAPPER.nullNode()));
    object.set("max_tool_calls", or(request, "max_tool_calls", Json.MAPPER.nullNode()));
    object.put(
        "model",
        request.path("model").isTextual()
            ? request.path("model").asText()
            : run.settings().model());
    object.set("output", output);
    object.put("parallel_tool_calls", request.path("parallel_tool_calls").asBoolean(true));
    object.put("previous_response_id", stored.previous());
    object.set(
        "conversation",
        stored.conversation()
            ? Json.MAPPER.createObjectNode().put("id", ItemIds.conversation(stored.thread()))
            : Json.MAPPER.nullNode());
    var reasoning = object.putObject("reasoning").putNull("effort").putNull("summary");
    request
        .path("reasoning")
        .properties()
        .forEach(each -> reasoning.set(each.getKey(), each.getValue()));
    object.put("service_tier", "default").put("store", stored.stored());
    object.put("temperature", request.path("temperature").asDouble(1.0));
    object.set("text", request.path("text"));
    object.set(
        "tool_choice", or(request, "tool_choice", Json.MAPPER.getNodeFactory().textNode("auto")));
    object.set("tools", request.path("tools"));
    object.put("top_logprobs", 0);
    object.put("top_p", request.path("top_p").asDouble(1.0));
    object.put("presence_penalty", request.path("presence_penalty").asDouble(0));
    object.put("frequency_penalty", request.path("frequency_penalty").asDouble(0));
    object.put("truncation", request.path("truncation").asText("disabled"));
    object.set("usage", ended ? usage(run.usage()) : Json.MAPPER.nullNode());
    for (var field :
        List.of(
            "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prompt")) {
      object.set(field, or(request, field, Json.MAPPER.nullNode()));
    }
    if (request.has("budget")) {
      object.set("budget", request.get("budget"));
    }
    object.set("metadata", or(request, "metadata", Json.MAPPER.createObjectNode()));
    return object;
  }

  /** A response that ends with calls of the client ends before its run; when is not stored. */
  private static JsonNode completedAt(
      StoredResponse stored, String status, RunSnapshot run, ArrayNode output) {
    if (!status.equals("completed")) {
      return Json.MAPPER.nullNode();
    }
    long created = stored.created().getEpochSecond();
    for (var item : output) {
      boolean isCutOff = item.path("status").asText().equals("incomplete");
      if (FOR_CLIENT.contains(item.path("type").asText()) && !isCutOff) {
        return Json.MAPPER.getNodeFactory().numberNode(created);
      }
    }
    return Json.MAPPER
        .getNodeFactory()
        .numberNode(Math.max(created, run.statusSince().getEpochSecond()));
  }

  private static JsonNode or(JsonNode request, String field, JsonNode otherwise) {
    return RequestFields.isAbsent(request.path(field)) ? otherwise : request.get(field);
  }

  /** Clients know two reasons. Any other limit stands in a field of its own, as in a run. */
  private static ObjectNode incompleteDetails(String reason) {
    var details = Json.MAPPER.createObjectNode();
    return switch (reason) {
      case "content_filter" -> details.put("reason", reason);
      case "max_completion_tokens", "max_prompt_tokens" ->
          details.put("reason", "max_output_tokens");
      case null -> details.put("reason", "max_output_tokens");
      default -> details.put("limit", reason);
    };
  }

  private static ObjectNode error(RunSnapshot run) {
    var object = Json.MAPPER.createObjectNode();
    if (run.error() == null) {
      return object
          .put("code", "server_error")
          .put("message", "The response expired before it was complete.");
    }
    var message = run.error().message();
    var code = run.error().code();
    if (message != null && message.startsWith(TOO_LONG)) {
      code = CONTEXT_LENGTH;
    } else if (!CODES.contains(code)) {
      code = "server_error";
    }
    return object.put("code", code).put("message", message == null ? "The run failed." : message);
  }

  /** Tokens as the Responses API counts them. */
  static ObjectNode usage(Usage usage) {
    var object = Json.MAPPER.createObjectNode().put("input_tokens", usage.promptTokens());
    object
        .putObject("input_tokens_details")
        .put("cached_tokens", usage.cachedTokens())
        .put("cache_write_tokens", 0);
    object.put("output_tokens", usage.completionTokens());
    object
        .putObject("output_tokens_details")
        .put("reasoning_tokens", Math.min(usage.reasoningTokens(), usage.completionTokens()));
    return object.put("total_tokens", usage.promptTokens() + usage.completionTokens());
  }
}
