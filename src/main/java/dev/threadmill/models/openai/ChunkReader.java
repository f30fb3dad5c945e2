package dev.threadmill.models.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ResponseAccumulator;
import dev.threadmill.models.Usage;

/** Reads the chunks of a streamed completion, and completions that come as a whole. */
final class ChunkReader {
  private final ResponseAccumulator fold;

  ChunkReader(ResponseAccumulator fold) {
    this.fold = fold;
  }

  /** Takes a chunk, or a whole completion, of whichever dialect. */
  void take(JsonNode chunk) {
    for (var choice : chunk.path("choices")) {
      if (choice.path("index").asInt(0) == 0) {
        choice(choice);
      }
    }
    var usage = chunk.path("usage");
    if (usage.path("prompt_tokens").isNumber()) {
      fold.usage(
          new Usage(
              usage.get("prompt_tokens").asInt(),
              usage.path("completion_tokens").asInt(0),
              usage.at("/completion_tokens_details/reasoning_tokens").asInt(0)));
    }
  }

  private void choice(JsonNode choice) {
    var delta = choice.path("delta");
    if (!delta.isObject()) {
      delta = choice.path("message");
    }
    var reasoning = delta.path("reasoning_content");
    fold.reasoning(text(reasoning.isTextual() ? reasoning : delta.path("reasoning")));
    content(delta.path("content"));
    fold.refusal(text(delta.path("refusal")));
    for (var call : delta.path("tool_calls")) {
      var function = call.path("function");
      fold.toolCall(
          call.path("index").asInt(-1),
          text(call.path("id")),
          text(function.path("name")),
          arguments(function.path("arguments")));
    }
    var old = delta.path("function_call");
    if (old.isObject()) {
      fold.toolCall(0, "", text(old.path("name")), arguments(old.path("arguments")));
    }
    var reason = choice.path("finish_reason");
    if (reason.isTextual()) {
      fold.finish(finish(reason.textValue()));
    }
  }

  /** Text, or the list of parts that some servers send. */
  private void content(JsonNode content) {
    fold.text(text(content));
    if (!content.isArray()) {
      return;
    }
    for (var part : content) {
      switch (part.path("type").asText("")) {
        case "text" -> fold.text(text(part.path("text")));
        case "thinking" -> {
          for (var thought : part.path("thinking")) {
            fold.reasoning(text(thought.path("text")));
          }
        }
        default -> {}
      }
    }
  }

  private static ModelResponse.FinishReason finish(String reason) {
    return switch (reason) {
      case "length", "max_tokens" -> ModelResponse.FinishReason.LENGTH;
      case "tool_calls", "function_call" -> ModelResponse.FinishReason.TOOL_CALLS;
      case "content_filter" -> ModelResponse.FinishReason.CONTENT_FILTER;
      default -> ModelResponse.FinishReason.STOP;
    };
  }

  private static String text(JsonNode node) {
    return node.isTextual() ? node.textValue() : "";
  }

  private static String arguments(JsonNode node) {
    return node.isObject() ? node.toString() : text(node);
  }
}
