package dev.threadmill.models.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.threadmill.api.StorableText;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.Usage;
import dev.threadmill.models.response.FinishReasons;
import dev.threadmill.models.response.ResponseAccumulator;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Reads the chunks of a streamed completion, and completions that arrive as a whole. */
final class ChunkReader {
  /** Attributes of the state that is kept of a response with tool calls. */
  static final String PROVIDER = "provider";

  static final String MODEL = "model";
  static final String FIELD = "field";
  static final String MESSAGE = "message";
  static final String CALLS = "calls";

  /** Fields of a message that are read, or that say nothing a provider needs back. */
  private static final Set<String> READ =
      Set.of(
          "role",
          "content",
          "refusal",
          "tool_calls",
          "function_call",
          "reasoning_content",
          "reasoning",
          "thinking",
          "audio",
          "annotations",
          "citations",
          "images",
          "logprobs",
          "token_ids",
          "name",
          "prefix",
          "matched_stop",
          "stop_reason");

  private static final Set<String> READ_OF_CALL = Set.of("index", "id", "type", "function");

  /** Of calls whose name and arguments stand beside their id. */
  private static final Set<String> READ_OF_FLAT_CALL =
      Set.of("index", "id", "type", "function", "name", "arguments");

  private static final List<String> REASONING =
      List.of("reasoning_content", "reasoning", "thinking");

  private final ResponseAccumulator response;
  private final ProviderConfig provider;
  private final String model;
  private String reasoningField;

  /**
   * @param model its name at the provider
   */
  ChunkReader(ResponseAccumulator response, ProviderConfig provider, String model) {
    this.response = response;
    this.provider = provider;
    this.model = model;
  }

  /** Reads a chunk, or a whole completion, of whichever dialect. */
  void take(JsonNode chunk) {
    response.origin(chunk.path("id").asText(null), chunk.path("model").asText(null));
    for (var choice : chunk.path("choices")) {
      if (choice.path("index").asInt(0) == 0) {
        usage(choice.path("usage"));
        choice(choice);
      }
    }
    usage(chunk.path("usage"));
    usage(chunk.path("x_groq").path("usage"));
    if (chunk.has("prompt_eval_count")) {
      usage(chunk);
    }
  }

  /** What to keep of the response for the provider, if it has tool calls. */
  ReasoningState state(List<ModelToolCall> calls, List<ObjectNode> extras) {
    var attributes = new HashMap<String, Object>();
    attributes.put(PROVIDER, provider.name());
    attributes.put(MODEL, model);
    var kept = JsonNodeFactory.instance.arrayNode();
    boolean any = false;
    for (int i = 0; i < calls.size(); i++) {
      var call = kept.addObject();
      if (calls.get(i).id() != null && !calls.get(i).id().isEmpty()) {
        call.put("id", calls.get(i).id());
      }
      if (!extras.get(i).isEmpty()) {
        call.set("extra", extras.get(i));
      }
      any |= !call.isEmpty();
    }
    if (any) {
      attributes.put(CALLS, kept);
    }
    var extra = response.extra();
    if (!extra.isEmpty()) {
      attributes.put(MESSAGE, extra);
    }
    var reasoning = response.reasoning();
    boolean sendsReasoning =
        !reasoning.isEmpty()
            && (reasoningField != null || provider.reasoningField().isPresent())
            && !provider.reasoningField().equals(Optional.of("none"));
    if (sendsReasoning && reasoningField != null) {
      attributes.put(FIELD, reasoningField);
    }
    return !any && extra.isEmpty() && !sendsReasoning
        ? null
        : new ReasoningState(provider.type(), sendsReasoning ? reasoning : null, attributes);
  }

  private void choice(JsonNode choice) {
    var delta = choice.path("delta");
    if (!delta.isObject() || delta.isEmpty() && choice.path("message").isObject()) {
      delta = choice.path("message");
    }
    reasoning(delta);
    content(delta.path("content"));
    response.refusal(text(delta.path("refusal")));
    speech(delta.path("audio"));
    citations(delta.path("annotations"));
    var extra = others(delta, READ);
    if (!extra.isEmpty()) {
      response.extra(extra);
    }
    var calls = delta.path("tool_calls");
    for (var call : calls.isObject() ? List.of(calls) : calls) {
      if (call.isObject()) {
        toolCall(call);
      }
    }
    var old = delta.path("function_call");
    if (old.isObject()) {
      response.toolCall(0, "", text(old.path("name")), arguments(old.path("arguments")));
    }
    if (choice.path("text").isTextual()) {
      response.text(choice.get("text").textValue());
    }
    var reason = choice.path("finish_reason");
    if (reason.isTextual()) {
      response.finish(FinishReasons.of(reason.textValue(), provider.name()));
    }
  }

  private void toolCall(JsonNode call) {
    boolean isFlat = !call.path("function").isObject();
    var function = isFlat ? call : call.get("function");
    response.toolCall(
        call.path("index").asInt(-1),
        text(call.path("id")),
        text(function.path("name")),
        arguments(function.path("arguments")),
        others(call, isFlat ? READ_OF_FLAT_CALL : READ_OF_CALL));
  }

  private void reasoning(JsonNode delta) {
    for (var field : REASONING) {
      var text = text(delta.path(field));
      if (!text.isEmpty()) {
        reasoningField = reasoningField == null ? field : reasoningField;
        response.reasoning(text);
        // Some servers send the same under two names.
        return;
      }
    }
  }

  /** Text, the parts that some servers send, or JSON that a server has read already. */
  private void content(JsonNode content) {
    if (!content.isContainerNode()) {
      response.text(content.isNull() ? "" : content.asText());
      return;
    }
    if (content.isObject() && !content.has("type") && !content.has("text")) {
      response.text(content.isEmpty() ? "" : content.toString());
      return;
    }
    for (var part : content.isArray() ? content : List.of(content)) {
      switch (part.path("type").asText("")) {
        case "text", "output_text", "" ->
            response.text(part.isTextual() ? part.textValue() : text(part.path("text")));
        case "thinking" -> {
          for (var thought : part.path("thinking")) {
            response.reasoning(text(thought.path("text")));
          }
        }
        default -> {}
      }
    }
  }

  private void citations(JsonNode annotations) {
    for (var annotation : annotations) {
      var cited = annotation.path("url_citation");
      if (cited.isObject()) {
        response.citation(
            StorableText.of(text(cited.path("url"))),
            StorableText.of(text(cited.path("title"))),
            cited.path("start_index").asInt(0),
            cited.path("end_index").asInt(0));
      }
    }
  }

  private void speech(JsonNode audio) {
    var id = text(audio.path("id"));
    var data = text(audio.path("data"));
    var transcript = StorableText.of(text(audio.path("transcript")));
    var expiresAt = audio.path("expires_at");
    if (id.isEmpty() && data.isEmpty() && transcript.isEmpty() && !expiresAt.isNumber()) {
      return;
    }
    response.speech(
        new ModelDelta.Speech(
            orNull(id),
            orNull(data),
            orNull(transcript),
            expiresAt.isNumber() ? expiresAt.longValue() : null));
  }

  private static String orNull(String text) {
    return text.isEmpty() ? null : text;
  }

  /** Counts under whichever names; what is missing is negative. */
  private void usage(JsonNode usage) {
    long prompt = count(usage, "prompt_tokens", "input_tokens", "prompt_eval_count");
    long completion = count(usage, "completion_tokens", "output_tokens", "eval_count");
    long total = count(usage, "total_tokens");
    if (prompt < 0 && completion < 0 && total < 0) {
      return;
    }
    long reasoning =
        Math.max(
            0,
            Math.max(
                count(usage.path("completion_tokens_details"), "reasoning_tokens"),
                count(usage, "reasoning_tokens")));
    if (prompt >= 0
        && completion >= 0
        && reasoning > 0
        && total == prompt + completion + reasoning) {
      // Some count reasoning beside the completion.
      completion += reasoning;
    }
    if (completion < 0 && prompt >= 0 && total >= prompt) {
      completion = total - prompt;
    }
    if (prompt < 0 && completion >= 0 && total >= completion) {
      prompt = total - completion;
    }
    var ofPrompt = usage.path("prompt_tokens_details");
    long cached =
        Math.max(count(ofPrompt, "cached_tokens"), count(usage, "prompt_cache_hit_tokens"));
    response.usage(
        new Usage(
            prompt,
            completion,
            reasoning,
            Math.max(0, cached),
            Math.max(0, count(ofPrompt, "audio_tokens")),
            Math.max(0, count(usage.path("completion_tokens_details"), "audio_tokens")),
            Math.max(0, count(ofPrompt, "image_tokens")),
            null));
  }

  private static long count(JsonNode usage, String... names) {
    for (var name : names) {
      var value = usage.path(name);
      if (value.isNumber() && value.doubleValue() >= 0) {
        return value.doubleValue() > Long.MAX_VALUE / 4d ? Long.MAX_VALUE / 4 : value.longValue();
      }
      if (value.isTextual() && value.textValue().matches("\\d{1,15}")) {
        return Long.parseLong(value.textValue());
      }
    }
    return -1;
  }

  private static ObjectNode others(JsonNode node, Set<String> read) {
    var others = JsonNodeFactory.instance.objectNode();
    for (var field : node.properties()) {
      if (!read.contains(field.getKey()) && !field.getValue().isNull()) {
        others.set(field.getKey(), field.getValue());
      }
    }
    return others;
  }

  private static String text(JsonNode node) {
    return node.isTextual() ? node.textValue() : "";
  }

  private static String arguments(JsonNode node) {
    return node.isObject() ? node.toString() : text(node);
  }
}
