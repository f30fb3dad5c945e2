package dev.threadmill.models.langchain;

import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.threadmill.models.ContextWindowException;
import dev.threadmill.models.LanguageModel;
import dev.threadmill.models.LearnedFacts;
import dev.threadmill.models.ModelDelta;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelResponse;
import dev.threadmill.models.ModelsConfig;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.RetryPolicy;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.adapt.AdaptiveCall;
import dev.threadmill.models.adapt.JsonInstruction;
import dev.threadmill.models.adapt.PromptShape;
import dev.threadmill.models.http.ProviderErrors;
import dev.threadmill.models.http.ProviderTransport;
import dev.threadmill.models.response.FinishReasons;
import dev.threadmill.models.response.ResponseAccumulator;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;

/** One model of a provider that LangChain4j has a client for. */
final class LangChainModel implements LanguageModel {
  private final ProviderTransport transport;
  private final ModelsConfig config;
  private final LearnedFacts learned;
  private final ModelInfo info;
  private final ProviderConfig provider;
  private final ProviderErrors errors;
  private final String nameAtProvider;
  private final Dialect dialect;

  LangChainModel(
      ProviderTransport transport,
      ModelsConfig config,
      LearnedFacts learned,
      ModelInfo info,
      ProviderConfig provider,
      ProviderErrors errors,
      String nameAtProvider,
      Dialect dialect) {
    this.transport = transport;
    this.config = config;
    this.learned = learned;
    this.info = info;
    this.provider = provider;
    this.errors = errors;
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
    learnWindow(request);
    return new AdaptiveCall(learned, provider.name(), nameAtProvider, info)
        .run(
            request,
            deltas,
            (facts, maxTokens, sent, emitted) ->
                RetryPolicy.of(config, provider, learned.pace(provider.name(), nameAtProvider))
                    .call(
                        provider.name(),
                        ofAttempt ->
                            attempt(
                                request.withMaxCompletionTokens(maxTokens), facts, sent, ofAttempt),
                        emitted));
  }

  /**
   * Asks for the context window before the first call, so that the prompt is cut to it: a server
   * that drops the beginning of a long prompt refuses nothing.
   */
  private void learnWindow(ModelRequest request) throws InterruptedException {
    var facts = learned.of(provider.name(), nameAtProvider);
    if (facts.contextWindow() > 0) {
      return;
    }
    var window = dialect.window(transport, provider, nameAtProvider);
    if (window.isEmpty() || window.getAsInt() >= info.contextWindow()) {
      return;
    }
    learned.remember(
        provider.name(), nameAtProvider, facts.withContextWindow(window.getAsInt(), 1));
    if (TokenCounter.count(request) > window.getAsInt()) {
      throw new ContextWindowException(
          "The prompt does not fit into the context window of the model '%s', which has %d tokens."
              .formatted(request.model(), window.getAsInt()));
    }
  }

  private ModelResponse attempt(
      ModelRequest asked, ModelFacts facts, Set<String> sent, Consumer<ModelDelta> deltas)
      throws InterruptedException {
    boolean inWords = JsonInstruction.isAskedBy(asked) && !dialect.hasFormat(asked, facts);
    var request = inWords ? JsonInstruction.of(asked).with(ResponseFormat.AUTO) : asked;
    var shaped = dialect.messages(request, facts);
    var messages =
        PromptShape.limited(
            facts.supports("system") ? shaped : PromptShape.withoutSystem(shaped), facts, sent);
    var adapted = dialect.adapt(request.withMessages(messages), info);
    var http =
        new LangChainHttpClient(
            transport,
            config,
            provider,
            errors,
            request.model(),
            new ParameterFilter(dialect, adapted, info, facts, sent));
    var response =
        new ResponseAccumulator(
            request,
            provider.name(),
            provider.options().reasoningTags(),
            provider.options().textToolCalls(),
            deltas);
    var handler = new DeltaHandler(response, http);
    try {
      var name = provider.pinnedName(nameAtProvider, request.model());
      dialect
          .model(http, provider, name, adapted)
          .chat(
              LangChainRequest.of(
                  adapted, provider.type(), maxTokens(adapted, facts), dialect.acceptsImageUrls()),
              handler);
    } catch (UnsupportedFeatureException | IllegalArgumentException e) {
      throw errors.invalid(String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      handler.onError(e);
    }
    http.check();
    if (handler.error != null) {
      throw ResponseAccumulator.malformed(provider.name(), handler.error);
    }
    return response.complete(request, info.contextWindow());
  }

  private Integer maxTokens(ModelRequest request, ModelFacts facts) {
    var most = dialect.maxTokens(request, info);
    if (most == null || facts.maxOutput() == 0) {
      return most;
    }
    return Math.min(most, facts.maxOutput());
  }

  /** Folds what the library reports; a failure in doing so ends the call. */
  private final class DeltaHandler implements StreamingChatResponseHandler {
    private final ResponseAccumulator fold;
    private final LangChainHttpClient http;
    private final Set<Integer> begun = new HashSet<>();
    private Throwable error;

    DeltaHandler(ResponseAccumulator fold, LangChainHttpClient http) {
      this.fold = fold;
      this.http = http;
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
      guarded(() -> complete(response));
    }

    private void complete(ChatResponse response) {
      var received = http.received();
      fold.origin(received.id(), received.model());
      fold.usage(received.usage(dialect.countsReasoningApart()));
      var message = response.aiMessage();
      if (message != null && (message.thinking() != null || !message.attributes().isEmpty())) {
        fold.state(new ReasoningState(provider.type(), message.thinking(), message.attributes()));
      }
      if (!received.finishReason().isEmpty()) {
        fold.finish(FinishReasons.of(received.finishReason(), provider.name()));
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
  }
}
