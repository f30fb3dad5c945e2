package dev.threadmill.models;

import com.fasterxml.jackson.databind.JsonNode;
import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import dev.threadmill.api.HeavyWork;
import java.util.List;

/**
 * Counts tokens with the o200k encoding of OpenAI's models. For other models, and for images and
 * audio, it is an estimate. Counting takes time linear in the length of the text; beyond a million
 * characters the rest is extrapolated.
 */
public final class TokenCounter {
  private static final int COUNTED = 1_000_000;
  private static final int PER_MESSAGE = 4;
  private static final int PER_FUNCTION = 8;
  private static final int PER_IMAGE = 765;
  private static final int PER_SMALL_IMAGE = 85;
  private static final int AUDIO_BASE64_PER_TOKEN = 4_300;

  private static final int BYTES_PER_PAGE = 25_000;
  private static final int PER_PAGE = 1_500;

  /** Of schemas, by identity: a call of a model counts those of its functions several times. */
  private static final Cache<JsonNode, Integer> SCHEMAS = Caffeine.newBuilder().weakKeys().build();

  private TokenCounter() {}

  /** An estimate for a document that a model reads page by page, from its size in bytes. */
  public static int ofDocument(long bytes) {
    return (int) Math.min(Integer.MAX_VALUE, (1 + bytes / BYTES_PER_PAGE) * PER_PAGE);
  }

  /** The tokens of a text; none of null. */
  public static int count(String text) {
    if (text == null || text.isEmpty()) {
      return 0;
    }
    return HeavyWork.run(text.length(), () -> counted(text));
  }

  private static int counted(String text) {
    if (text.length() <= COUNTED) {
      return TokenPieces.count(text, 0, text.length());
    }
    long tokens = TokenPieces.count(text, 0, COUNTED);
    return (int) Math.min(Integer.MAX_VALUE, tokens * text.length() / COUNTED);
  }

  /** The tokens of a prompt: its messages, and the functions it offers. */
  public static int count(ModelRequest request) {
    int tokens = 3;
    for (var message : request.messages()) {
      tokens += count(message);
    }
    for (var function : request.functions()) {
      tokens += count(function);
    }
    if (request.responseFormat() instanceof ResponseFormat.JsonSchema(var definition)) {
      tokens += count(definition.toString());
    }
    return tokens;
  }

  /** The tokens of one message of a prompt. */
  public static int count(ModelMessage message) {
    return PER_MESSAGE
        + switch (message) {
          case ModelMessage.System(var text) -> count(text);
          case ModelMessage.User(var parts) -> parts.stream().mapToInt(TokenCounter::count).sum();
          case ModelMessage.Assistant(var text, var calls, var thoughts) ->
              count(text) + count(calls) + (thoughts == null ? 0 : count(thoughts.text()));
          case ModelMessage.ToolResult(_, var text) -> count(text);
        };
  }

  /** The tokens of tool calls. */
  public static int count(List<ModelToolCall> calls) {
    int tokens = 0;
    for (var call : calls) {
      tokens += PER_FUNCTION + count(call.name()) + count(call.arguments());
    }
    return tokens;
  }

  /** The tokens of the description of a function. */
  public static int count(FunctionSpec function) {
    return PER_FUNCTION
        + count(function.name())
        + count(function.description())
        + (function.parameters() == null ? 0 : count(function.parameters()));
  }

  private static int count(JsonNode schema) {
    var known = SCHEMAS.getIfPresent(schema);
    if (known != null) {
      return known;
    }
    int tokens = count(schema.toString());
    SCHEMAS.put(schema, tokens);
    return tokens;
  }

  /** The tokens of a part of a user's message. */
  public static int count(ModelPart part) {
    return switch (part) {
      case ModelPart.Text(var text) -> count(text);
      case ModelPart.Image(_, var detail) -> "low".equals(detail) ? PER_SMALL_IMAGE : PER_IMAGE;
      case ModelPart.File(_, var data) -> data == null ? 0 : ofDocument(data.bytes());
      case ModelPart.Audio(var data, _) -> 1 + data.length() / AUDIO_BASE64_PER_TOKEN;
    };
  }

  /** The tokens of a complete response. */
  public static int countResponse(
      String text, String refusal, String reasoning, List<ModelToolCall> calls) {
    return count(text) + count(refusal) + count(reasoning) + count(calls);
  }
}
