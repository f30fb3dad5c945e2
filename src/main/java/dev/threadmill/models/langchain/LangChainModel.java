package dev.threadmill.models.langchain;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.googleai.GoogleAiGeminiTokenUsage;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.model.output.TokenUsage;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ResponseAccumulator;
import dev.threadmill.models.RetryPolicy;
import dev.threadmill.models.Usage;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/** One model of a provider that is spoken to through LangChain4j. */
final class LangChainModel implements LanguageModel {
  private final ProviderTransport transport;
  private final ModelsConfig config;
  private final ModelInfo info;
  private final ProviderConfig settings;
  private final ProviderErrors faults;
  private final String nameAtProvider;
  private final Dialect dialect;

  /** What differs from provider to provider. */
  interface Dialect {
    /** The library's model for one call. */
    StreamingChatModel model(
        LangChainHttpClient http, ProviderConfig settings, String name, ModelRequest request);

    /** The call as the provider takes it; without a wish for reasoning if it cannot have one. */
    default ModelRequest adapt(ModelRequest request, ModelInfo info) {
      return request;
    }

    /** The bound of tokens to send; null for none. */
    Integer maxTokens(ModelRequest request, ModelInfo info);

    /** Whether it can be asked for JSON without a schema. */
    boolean supportsJsonMode();

    /** Whether it fetches pictures by their address. */
    boolean acceptsImageUrls();
  }

  LangChainModel(
      ProviderTransport transport,
      ModelsConfig config,
      ModelInfo info,
      ProviderConfig settings,
      ProviderErrors faults,
      String nameAtProvider,
      Dialect dialect) {
    this.transport = transport;
    this.config = config;
    this.info = info;
    this.settings = settings;
    this.faults = faults;
    this.nameAtProvider = nameAtProvider;
    this.dialect = dialect;
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public ModelResponse answer(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    return RetryPolicy.of(config).call(settings.name(), told -> oneTry(request, told), deltas);
  }

  private ModelResponse oneTry(ModelRequest request, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    var http = new LangChainHttpClient(transport, config, faults, request.model());
    var fold = new ResponseAccumulator(deltas);
    var folding = new DeltaHandler(fold, http, settings.type());
    var asked = dialect.adapt(request, info);
    try {
      var name = settings.pinnedName(nameAtProvider, request.model());
      dialect
          .model(http, settings, name, asked)
          .chat(
              LangChainRequest.of(
                  asked,
                  settings.type(),
                  dialect.maxTokens(asked, info),
                  dialect.supportsJsonMode(),
                  dialect.acceptsImageUrls()),
              folding);
    } catch (UnsupportedFeatureException | IllegalArgumentException e) {
      throw faults.invalid(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      folding.onError(e);
    }
    http.check();
    if (folding.error != null) {
      throw ResponseAccumulator.malformed(settings.name(), folding.error);
    }
    return fold.complete(request, settings.name());
  }

  /** Folds what the library tells; what goes wrong in doing so ends the call. */
  private static final class DeltaHandler implements StreamingChatResponseHandler {
    private final ResponseAccumulator fold;
    private final LangChainHttpClient http;
    private final String provider;
    private final Set<Integer> begun = new HashSet<>();
    private Throwable error;

    DeltaHandler(ResponseAccumulator fold, LangChainHttpClient http, String provider) {
      this.fold = fold;
      this.http = http;
      this.provider = provider;
    }

    @Override
    public void onPartialResponse(String text) {
      guarded(() -> fold.text(text));
    }

    @Override
    public void onPartialThinking(PartialThinking thinking) {
      guarded(() -> fold.reasoning(thinking.text()));
    }

    @Override
    public void onPartialToolCall(PartialToolCall call) {
      begun.add(call.index());
      guarded(() -> fold.toolCall(call.index(), call.id(), call.name(), call.partialArguments()));
    }

    @Override
    public void onCompleteToolCall(CompleteToolCall call) {
      if (begun.add(call.index())) {
        var whole = call.toolExecutionRequest();
        guarded(() -> fold.toolCall(call.index(), whole.id(), whole.name(), whole.arguments()));
      }
    }

    @Override
    public void onCompleteResponse(ChatResponse response) {
      var counted = response.tokenUsage();
      if (counted != null && counted.inputTokenCount() != null) {
        int written = counted.outputTokenCount() == null ? 0 : counted.outputTokenCount();
        int thought = thoughtTokens(counted);
        fold.usage(new Usage(counted.inputTokenCount(), written + thought, thought));
      }
      var message = response.aiMessage();
      if (message != null && (message.thinking() != null || !message.attributes().isEmpty())) {
        fold.thoughts(new ReasoningState(provider, message.thinking(), message.attributes()));
      }
      if (response.finishReason() != null) {
        fold.finish(finish(response.finishReason()));
      }
    }

    @Override
    public void onError(Throwable e) {
      if (error == null) {
        error = e;
      }
    }

    /** The library logs and swallows what its listeners throw. */
    private void guarded(Runnable step) {
      try {
        step.run();
      } catch (RuntimeException e) {
        http.fail(e);
      }
    }

    /** Gemini alone tells, and does not count them with the answer. */
    private static int thoughtTokens(TokenUsage counted) {
      return counted instanceof GoogleAiGeminiTokenUsage gemini
              && gemini.thoughtsTokenCount() != null
          ? gemini.thoughtsTokenCount()
          : 0;
    }

    private static ModelResponse.FinishReason finish(FinishReason reason) {
      return switch (reason) {
        case STOP, OTHER -> ModelResponse.FinishReason.STOP;
        case LENGTH -> ModelResponse.FinishReason.LENGTH;
        case TOOL_EXECUTION -> ModelResponse.FinishReason.TOOL_CALLS;
        case CONTENT_FILTER -> ModelResponse.FinishReason.CONTENT_FILTER;
      };
    }
  }
}
