package dev.threadmill.models.langchain;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.googleai.GeminiThinkingConfig;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.Provider;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.http.ModelNames;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/** The providers that LangChain4j has clients for. */
final class LangChainProviders {
  private static final int UNASKED_MAX_TOKENS = 16_384;

  private LangChainProviders() {}

  /** What the three have in common. */
  abstract static class LangChainProvider implements Provider {
    private final ProviderTransport transport;
    private final ModelsConfig config;
    private final LearnedFacts learned;
    private final InstantSource clock;

    LangChainProvider(
        ProviderTransport transport,
        ModelsConfig config,
        LearnedFacts learned,
        InstantSource clock) {
      this.transport = transport;
      this.config = config;
      this.learned = learned;
      this.clock = clock;
    }

    abstract Dialect dialect();

    @Override
    public LanguageModel model(ModelInfo info, String nameAtProvider, ProviderConfig provider) {
      return new LangChainModel(
          transport,
          config,
          learned,
          info,
          provider,
          new ProviderErrors(provider, clock),
          nameAtProvider,
          dialect());
    }

    @Override
    public List<String> modelNames(ProviderConfig provider)
        throws IOException, InterruptedException {
      return ModelNames.of(transport, provider);
    }
  }

  /** Claude models. */
  @Singleton
  static class AnthropicProvider extends LangChainProvider {
    AnthropicProvider(
        ProviderTransport transport,
        ModelsConfig config,
        LearnedFacts learned,
        InstantSource clock) {
      super(transport, config, learned, clock);
    }

    @Override
    public String type() {
      return "anthropic";
    }

    @Override
    Dialect dialect() {
      return new Anthropic();
    }
  }

  /** Gemini models. */
  @Singleton
  static class GeminiProvider extends LangChainProvider {
    GeminiProvider(
        ProviderTransport transport,
        ModelsConfig config,
        LearnedFacts learned,
        InstantSource clock) {
      super(transport, config, learned, clock);
    }

    @Override
    public String type() {
      return "gemini";
    }

    @Override
    Dialect dialect() {
      return new Gemini();
    }
  }

  /** Models of an Ollama server. */
  @Singleton
  static class OllamaProvider extends LangChainProvider {
    private final OllamaWindows windows = new OllamaWindows();

    OllamaProvider(
        ProviderTransport transport,
        ModelsConfig config,
        LearnedFacts learned,
        InstantSource clock) {
      super(transport, config, learned, clock);
    }

    @Override
    public String type() {
      return "ollama";
    }

    @Override
    Dialect dialect() {
      return new OllamaDialect(windows);
    }
  }

  /** Wants a bound of tokens with every call. */
  private record Anthropic() implements Dialect {
    @Override
    public StreamingChatModel model(
        LangChainHttpClient http, ProviderConfig settings, String name, ModelRequest request) {
      var model =
          AnthropicStreamingChatModel.builder()
              .httpClientBuilder(http)
              .modelName(name)
              .apiKey(settings.apiKey().orElse("none"))
              .customHeaders(settings.headers())
              .returnThinking(true)
              .sendThinking(true);
      ClaudeThinking.of(name, request).ifPresent(thinking -> thinking.applyTo(model));
      settings.baseUrl().ifPresent(url -> model.baseUrl(url + "/"));
      if (!request.parallelToolCalls() && !request.functions().isEmpty()) {
        model.disableParallelToolUse(true);
      }
      return model.build();
    }

    /** Claude accepts neither while it thinks, and never both: the temperature says more. */
    @Override
    public ModelRequest adapt(ModelRequest request, ModelInfo info) {
      boolean thinks = ClaudeThinking.of(info.name(), request).isPresent();
      return request.withSampling(
          thinks ? null : request.temperature(),
          thinks || request.temperature() != null ? null : request.topP());
    }

    @Override
    public void onRequest(ObjectNode body, ModelRequest request, ModelInfo info, ModelFacts facts) {
      SentSchemas.ofClaude(body, request);
    }

    @Override
    public List<ObjectNode> eventsOf(JsonNode whole) {
      return ClaudeBlocks.eventsOf(whole);
    }

    @Override
    public List<ObjectNode> onEvent(ObjectNode event, Received received) {
      var start = event.path("message").path("usage");
      if (start.path("input_tokens").isNumber()) {
        long prompt = 0;
        for (var name :
            new String[] {
              "input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens"
            }) {
          prompt += start.path(name).asLong(0);
        }
        received.prompt(LongNode.valueOf(prompt));
        received.cached(start.path("cache_read_input_tokens"));
        received.origin(event.path("message").path("id"), event.path("message").path("model"));
      }
      received.completion(event.path("usage").path("output_tokens"));
      received.finish(event.path("delta").path("stop_reason"));
      // The library reads 32 bits, and nothing of an event in which it cannot read one field.
      for (var counted : List.of(event, event.path("message"))) {
        if (counted instanceof ObjectNode object && object.has("usage")) {
          object.putObject("usage").put("input_tokens", 0).put("output_tokens", 0);
        }
      }
      return received.blocks().of(event);
    }

    @Override
    public Integer maxTokens(ModelRequest request, ModelInfo info) {
      if (request.maxCompletionTokens() != null) {
        return request.maxCompletionTokens();
      }
      int thinking = ClaudeThinking.of(info.name(), request).map(ClaudeThinking::budget).orElse(0);
      return Math.min(info.maxOutput(), UNASKED_MAX_TOKENS + thinking);
    }

    /** No JSON without a schema, and none for old models. */
    @Override
    public boolean hasFormat(ModelRequest request, ModelFacts facts) {
      return request.responseFormat() instanceof ResponseFormat.JsonSchema
          && facts.supports("output_config");
    }

    @Override
    public boolean acceptsImageUrls() {
      return true;
    }
  }

  private record Gemini() implements Dialect {
    @Override
    public StreamingChatModel model(
        LangChainHttpClient http, ProviderConfig settings, String name, ModelRequest request) {
      var model =
          GoogleAiGeminiStreamingChatModel.builder()
              .httpClientBuilder(http)
              .modelName(name)
              .apiKey(settings.apiKey().orElse("none"))
              .customHeaders(settings.headers())
              .seed(request.seed() == null ? null : request.seed().intValue())
              .returnThinking(true)
              .sendThinking(true);
      settings.baseUrl().ifPresent(model::baseUrl);
      if (request.reasoningEffort() != null) {
        model.thinkingConfig(
            name.startsWith("gemini-2")
                ? budget(request.reasoningEffort())
                : level(request.reasoningEffort()));
      }
      return model.build();
    }

    /** From Gemini 3 on a level, and no way to think not at all. */
    private static GeminiThinkingConfig level(String effort) {
      var level =
          switch (effort) {
            case "none", "minimal" -> "minimal";
            case "low", "medium" -> effort;
            default -> "high";
          };
      return GeminiThinkingConfig.builder()
          .includeThoughts(!effort.equals("none"))
          .thinkingLevel(level)
          .build();
    }

    private static GeminiThinkingConfig budget(String effort) {
      int budget =
          switch (effort) {
            case "none" -> 0;
            case "minimal" -> 512;
            case "low" -> 1_024;
            case "medium" -> 8_192;
            default -> 24_576;
          };
      return GeminiThinkingConfig.builder()
          .includeThoughts(budget > 0)
          .thinkingBudget(budget)
          .build();
    }

    @Override
    public Integer maxTokens(ModelRequest request, ModelInfo info) {
      return request.maxCompletionTokens();
    }

    @Override
    public boolean acceptsImageUrls() {
      return false;
    }

    @Override
    public boolean countsReasoningApart() {
      return true;
    }

    @Override
    public void onRequest(ObjectNode body, ModelRequest request, ModelInfo info, ModelFacts facts) {
      SentSchemas.ofGemini(body, request);
    }

    /** One event, or all of a stream in an array, as without {@code alt=sse}. */
    @Override
    public List<ObjectNode> eventsOf(JsonNode whole) {
      var events = new ArrayList<ObjectNode>();
      for (var each : whole.isArray() ? whole : List.of(whole)) {
        if (each instanceof ObjectNode event && event.has("candidates")) {
          events.add(event);
        }
      }
      return events;
    }

    @Override
    public List<ObjectNode> onEvent(ObjectNode event, Received received) {
      var usage = event.path("usageMetadata");
      received.prompt(usage.path("promptTokenCount"));
      received.cached(usage.path("cachedContentTokenCount"));
      received.origin(event.path("responseId"), event.path("modelVersion"));
      received.completion(usage.path("candidatesTokenCount"));
      received.reasoning(usage.path("thoughtsTokenCount"));
      if (event.path("candidates").path(0) instanceof ObjectNode candidate
          && candidate.hasNonNull("finishReason")) {
        received.finish(candidate.get("finishReason"));
        // The library drops a candidate whose reason it does not know.
        candidate.put("finishReason", "STOP");
      }
      if (event.path("promptFeedback").hasNonNull("blockReason")) {
        received.finish(TextNode.valueOf("content_filter"));
        event.remove("promptFeedback");
      }
      // The library reads 32 bits, and nothing of an event in which it cannot read one field.
      event.remove("usageMetadata");
      return List.of(event);
    }
  }
}
