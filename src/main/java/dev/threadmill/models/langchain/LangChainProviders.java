package dev.threadmill.models.langchain;

import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.googleai.GeminiThinkingConfig;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.Provider;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import jakarta.inject.Singleton;
import java.time.InstantSource;

/** The providers that LangChain4j speaks to for us. */
final class LangChainProviders {
  private static final int UNASKED_MAX_TOKENS = 16_384;

  private LangChainProviders() {}

  /** What the three have in common. */
  abstract static class LangChainProvider implements Provider {
    private final ProviderTransport transport;
    private final ModelsConfig config;
    private final InstantSource clock;

    LangChainProvider(ProviderTransport transport, ModelsConfig config, InstantSource clock) {
      this.transport = transport;
      this.config = config;
      this.clock = clock;
    }

    abstract LangChainModel.Dialect dialect();

    @Override
    public LanguageModel model(ModelInfo info, String nameAtProvider, ProviderConfig settings) {
      var faults = new ProviderErrors(settings, clock);
      return new LangChainModel(
          transport, config, info, settings, faults, nameAtProvider, dialect());
    }
  }

  /** Claude models. */
  @Singleton
  static class AnthropicProvider extends LangChainProvider {
    AnthropicProvider(ProviderTransport transport, ModelsConfig config, InstantSource clock) {
      super(transport, config, clock);
    }

    @Override
    public String type() {
      return "anthropic";
    }

    @Override
    LangChainModel.Dialect dialect() {
      return new Anthropic();
    }
  }

  /** Gemini models. */
  @Singleton
  static class GeminiProvider extends LangChainProvider {
    GeminiProvider(ProviderTransport transport, ModelsConfig config, InstantSource clock) {
      super(transport, config, clock);
    }

    @Override
    public String type() {
      return "gemini";
    }

    @Override
    LangChainModel.Dialect dialect() {
      return new Gemini();
    }
  }

  /** Models of an Ollama server. */
  @Singleton
  static class OllamaProvider extends LangChainProvider {
    OllamaProvider(ProviderTransport transport, ModelsConfig config, InstantSource clock) {
      super(transport, config, clock);
    }

    @Override
    public String type() {
      return "ollama";
    }

    @Override
    LangChainModel.Dialect dialect() {
      return new Ollama();
    }
  }

  /** Wants a bound of tokens with every call. */
  private record Anthropic() implements LangChainModel.Dialect {
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

    /** Claude takes no temperature of its own while it thinks, and never both of the two. */
    @Override
    public ModelRequest adapt(ModelRequest request, ModelInfo info) {
      boolean thinks = ClaudeThinking.of(info.name(), request).isPresent();
      return request.withSampling(
          thinks || ModelRequest.isDefault(request.temperature()) ? null : request.temperature(),
          thinks || ModelRequest.isDefault(request.topP()) ? null : request.topP());
    }

    @Override
    public Integer maxTokens(ModelRequest request, ModelInfo info) {
      if (request.maxCompletionTokens() != null) {
        return request.maxCompletionTokens();
      }
      int thinking = ClaudeThinking.of(info.name(), request).map(ClaudeThinking::budget).orElse(0);
      return Math.min(info.maxOutput(), UNASKED_MAX_TOKENS + thinking);
    }

    @Override
    public boolean supportsJsonMode() {
      return false;
    }

    @Override
    public boolean acceptsImageUrls() {
      return true;
    }
  }

  private record Gemini() implements LangChainModel.Dialect {
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
    public boolean supportsJsonMode() {
      return true;
    }

    @Override
    public boolean acceptsImageUrls() {
      return false;
    }
  }

  private record Ollama() implements LangChainModel.Dialect {
    @Override
    public StreamingChatModel model(
        LangChainHttpClient http, ProviderConfig settings, String name, ModelRequest request) {
      var model =
          OllamaStreamingChatModel.builder()
              .httpClientBuilder(http)
              .modelName(name)
              .baseUrl(settings.baseUrl().orElse("http://localhost:11434"))
              .customHeaders(settings.headers())
              .seed(request.seed() == null ? null : request.seed().intValue())
              .returnThinking(true);
      if (request.reasoningEffort() != null) {
        model.think(!request.reasoningEffort().equals("none"));
      }
      return model.build();
    }

    @Override
    public Integer maxTokens(ModelRequest request, ModelInfo info) {
      return request.maxCompletionTokens();
    }

    @Override
    public boolean supportsJsonMode() {
      return true;
    }

    @Override
    public boolean acceptsImageUrls() {
      return false;
    }
  }
}
