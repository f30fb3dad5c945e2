package dev.threadmill.models.langchain;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.ollama.OllamaStreamingChatModel;
import dev.threadmill.api.Json;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelInfo;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.TokenCounter;
import dev.threadmill.models.adapt.PromptShape;
import dev.threadmill.models.http.ProviderTransport;
import java.util.List;
import java.util.OptionalInt;

/** How Ollama servers are spoken to. */
record OllamaDialect(OllamaWindows windows) implements Dialect {
  private static final int MIN_CONTEXT = 4_096;
  private static final int MAX_ANSWER = 4_096;

  /** Our count of tokens is an estimate for these models. */
  private static final double MARGIN = 1.25;

  @Override
  public OptionalInt window(ProviderTransport transport, ProviderConfig provider, String model)
      throws InterruptedException {
    return windows.ask(transport, provider, model);
  }

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
  public boolean acceptsImageUrls() {
    return false;
  }

  /** Ollama takes messages as they are, unless the template of the model does not. */
  @Override
  public List<ModelMessage> messages(ModelRequest request, ModelFacts facts) {
    return facts.isStrict() ? PromptShape.strict(request) : request.messages();
  }

  /**
   * The context that Ollama is to allocate. Without it, Ollama drops the beginning of a prompt that
   * is too long for its default. It grows in steps, since Ollama loads the model anew for each
   * size.
   */
  @Override
  public void onRequest(ObjectNode body, ModelRequest request, ModelInfo info, ModelFacts facts) {
    SentSchemas.ofOllama(body, request);
    int answer =
        request.maxCompletionTokens() == null
            ? Math.min(MAX_ANSWER, info.maxOutput())
            : request.maxCompletionTokens();
    double needed = TokenCounter.count(request) * facts.tokenRatio() * MARGIN + answer;
    long context = MIN_CONTEXT;
    while (context < needed) {
      context *= 2;
    }
    int window =
        facts.contextWindow() == 0
            ? info.contextWindow()
            : Math.min(info.contextWindow(), facts.contextWindow());
    body.withObject("/options").put("num_ctx", Math.min(context, window));
  }

  @Override
  public boolean streamsJson() {
    return true;
  }

  @Override
  public List<ObjectNode> onEvent(ObjectNode event, Received received) {
    received.prompt(event.path("prompt_eval_count"));
    received.origin(event.path("id"), event.path("model"));
    received.completion(event.path("eval_count"));
    received.finish(event.path("done_reason"));
    if (event.path("done").asBoolean() && received.finishReason().isEmpty()) {
      received.finish(TextNode.valueOf("stop"));
    }
    for (var call : event.path("message").path("tool_calls")) {
      if (call.path("function") instanceof ObjectNode function) {
        // The library keeps one call of each number, and Ollama gives most of them none.
        function.put("index", received.nextCall());
        var arguments = function.path("arguments");
        if (!arguments.isObject()) {
          function.set("arguments", object(arguments.asText("")));
        }
      }
    }
    // The library needs a message with a text in each event.
    var message =
        event.path("message") instanceof ObjectNode given ? given : event.putObject("message");
    if (!message.path("content").isTextual()) {
      message.put("role", "assistant").put("content", "");
    }
    if (message.path("tool_calls").isNull()) {
      message.remove("tool_calls");
    }
    // The library reads 32 bits.
    event.remove(List.of("prompt_eval_count", "eval_count"));
    return List.of(event);
  }

  private static JsonNode object(String arguments) {
    try {
      var json = Json.MAPPER.readTree(arguments);
      return json != null && json.isObject() ? json : Json.MAPPER.createObjectNode();
    } catch (JsonProcessingException _) {
      return Json.MAPPER.createObjectNode();
    }
  }
}
