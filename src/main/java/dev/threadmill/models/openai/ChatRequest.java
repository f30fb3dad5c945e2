package dev.threadmill.models.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.adapt.JsonInstruction;
import dev.threadmill.models.adapt.PromptShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Writes a call as the body of {@code POST /chat/completions}. What is null is left out. */
final class ChatRequest {
  private static final JsonFactory JSON = new JsonFactory(new ObjectMapper());
  private static final String MAX_TOKENS = "max_tokens";

  private final ModelRequest request;
  private final String model;
  private final ProviderConfig provider;
  private final ModelFacts facts;
  private final Integer maxTokens;
  private final List<ModelMessage> messages;
  private final JsonGenerator out;
  private final Set<String> sent = new HashSet<>();

  /**
   * A request that was written.
   *
   * @param parameters the names of those that a provider may refuse
   */
  record Written(RequestBody body, Set<String> parameters) {}

  private ChatRequest(
      ModelRequest request,
      String model,
      ProviderConfig provider,
      ModelFacts facts,
      Integer maxTokens,
      JsonGenerator out)
      throws InterruptedException {
    this.request = request;
    this.model = model;
    this.provider = provider;
    this.facts = facts;
    this.maxTokens = maxTokens;
    this.out = out;
    this.messages = PromptShape.limited(messages(request, facts), facts, sent);
  }

  /**
   * Writes a request.
   *
   * @param model its name at the provider
   * @param pinned the same with the version that the client pinned
   * @param facts what the model is known to refuse
   * @param maxTokens the most tokens of the completion; null for no limit
   */
  static Written write(
      ModelRequest request,
      String model,
      String pinned,
      ProviderConfig provider,
      ModelFacts facts,
      Integer maxTokens)
      throws InterruptedException {
    var bytes = new RequestBody();
    try (var out = JSON.createGenerator(bytes)) {
      var chat = new ChatRequest(request, model, provider, facts, maxTokens, out);
      chat.body(pinned);
      return new Written(bytes, chat.sent);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<ModelMessage> messages(ModelRequest request, ModelFacts facts) {
    var adapted =
        JsonInstruction.isAskedBy(request) && !facts.supports("response_format")
            ? JsonInstruction.of(request)
            : request;
    var shaped = facts.isStrict() ? PromptShape.strict(adapted) : adapted.messages();
    return facts.supports("system") ? shaped : PromptShape.withoutSystem(shaped);
  }

  private boolean sends(String parameter) {
    if (!facts.supports(parameter)) {
      return false;
    }
    sent.add(parameter);
    return true;
  }

  private void body(String pinned) throws IOException {
    out.writeStartObject();
    out.writeStringField("model", pinned);
    boolean streams = provider.streams() && request.isStreamable();
    out.writeBooleanField("stream", streams);
    if (streams && sends("stream_options")) {
      out.writeObjectFieldStart("stream_options");
      out.writeBooleanField("include_usage", true);
      out.writeEndObject();
    }
    out.writeArrayFieldStart("messages");
    var writer = new MessagesWriter(model, provider, facts, messages, out, this::sends);
    for (var message : messages) {
      writer.write(message);
    }
    out.writeEndArray();
    speech();
    webSearch();
    new ToolsWriter(request, out, this::sends).write();
    format();
    number("temperature", request.temperature());
    number("top_p", request.topP());
    number("frequency_penalty", request.frequencyPenalty());
    number("presence_penalty", request.presencePenalty());
    maxTokens();
    if (request.seed() != null && sends("seed")) {
      out.writeNumberField("seed", request.seed());
    }
    if (request.reasoningEffort() != null && sends("reasoning_effort")) {
      out.writeStringField("reasoning_effort", request.reasoningEffort());
    }
    if (!request.stop().isEmpty() && sends("stop")) {
      out.writeArrayFieldStart("stop");
      for (var stop : request.stop()) {
        out.writeString(stop);
      }
      out.writeEndArray();
    }
    out.writeEndObject();
  }

  private void speech() throws IOException {
    if (request.speech() == null) {
      return;
    }
    out.writeArrayFieldStart("modalities");
    out.writeString("text");
    out.writeString("audio");
    out.writeEndArray();
    out.writeObjectFieldStart("audio");
    out.writeFieldName("voice");
    out.writeTree(request.speech().voice());
    out.writeStringField("format", request.speech().format());
    out.writeEndObject();
  }

  private void webSearch() throws IOException {
    if (request.webSearch() != null) {
      out.writeObjectFieldStart("web_search_options");
      if (request.webSearch().contextSize() != null) {
        out.writeStringField("search_context_size", request.webSearch().contextSize());
      }
      if (request.webSearch().place() != null) {
        out.writeObjectFieldStart("user_location");
        out.writeStringField("type", "approximate");
        out.writeFieldName("approximate");
        out.writeTree(request.webSearch().place());
        out.writeEndObject();
      }
      out.writeEndObject();
    }
  }

  private void maxTokens() throws IOException {
    if (maxTokens != null && facts.supports(MAX_TOKENS)) {
      var field =
          facts.maxTokensField() == null ? provider.maxTokensField() : facts.maxTokensField();
      sent.add(field);
      out.writeNumberField(field, maxTokens);
    }
  }

  private void format() throws IOException {
    if (!JsonInstruction.isAskedBy(request) || !sends("response_format")) {
      return;
    }
    switch (request.responseFormat()) {
      case ResponseFormat.JsonObject _ -> format("json_object", null);
      case ResponseFormat.JsonSchema(var definition) -> format("json_schema", definition);
      case ResponseFormat.Auto _, ResponseFormat.Text _ -> {}
      case null -> {}
    }
  }

  private void format(String type, JsonNode definition) throws IOException {
    out.writeObjectFieldStart("response_format");
    out.writeStringField("type", type);
    if (definition != null) {
      out.writeFieldName(type);
      out.writeTree(definition);
    }
    out.writeEndObject();
  }

  private void number(String field, Double value) throws IOException {
    if (value != null && sends(field)) {
      out.writeNumberField(field, value);
    }
  }
}
