package dev.threadmill.models.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.api.Json;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.models.FileData;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.adapt.CallIds;
import dev.threadmill.models.adapt.PromptShape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;

/** Writes a call as the body of {@code POST /chat/completions}. What is null is left out. */
final class ChatRequest {
  private static final JsonFactory JSON = new JsonFactory(new ObjectMapper());
  private static final String MAX_TOKENS = "max_tokens";

  /** Models that refuse calls without the reasoning that led to them, on whichever server. */
  private static final Pattern NEEDS_REASONING =
      Pattern.compile("deepseek|kimi|moonshot", Pattern.CASE_INSENSITIVE);

  private static final String JSON_IN_WORDS = "Respond with one JSON object and nothing else.";

  private final ModelRequest request;
  private final String model;
  private final ProviderConfig provider;
  private final ModelFacts facts;
  private final Integer maxTokens;
  private final List<ModelMessage> messages;
  private final CallIds ids;
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
    this.ids = CallIds.of(messages, this::isOwn, facts.hasShortIds());
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
    var adapted = request;
    if (asksForJson(request) && !facts.supports("response_format")) {
      var more = new ArrayList<>(request.messages());
      more.addFirst(new ModelMessage.System(inWords(request.responseFormat())));
      adapted = request.withMessages(PromptShape.withOneSystem(more));
    }
    var shaped = facts.isStrict() ? PromptShape.strict(adapted) : adapted.messages();
    return facts.supports("system") ? shaped : PromptShape.withoutSystem(shaped);
  }

  private static boolean asksForJson(ModelRequest request) {
    return request.responseFormat() instanceof ResponseFormat.JsonObject
        || request.responseFormat() instanceof ResponseFormat.JsonSchema;
  }

  private static String inWords(ResponseFormat format) {
    return format instanceof ResponseFormat.JsonSchema(var definition)
        ? JSON_IN_WORDS + " It has to fit this JSON Schema: " + definition.path("schema")
        : JSON_IN_WORDS;
  }

  /** Whether this is the state of a response of the provider that is called. */
  private boolean isOwn(ReasoningState state) {
    var attributes = state.attributes();
    return state.by().equals(provider.type())
        && provider.name().equals(attributes.getOrDefault(ChunkReader.PROVIDER, provider.name()))
        && model.equals(attributes.getOrDefault(ChunkReader.MODEL, model));
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
    for (var message : messages) {
      message(message);
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

  private void message(ModelMessage message) throws IOException {
    if (message instanceof ModelMessage.Assistant(var text, var calls, _)
        && calls.isEmpty()
        && (text == null || text.isEmpty())
        && spokenId(message) == null) {
      return;
    }
    out.writeStartObject();
    switch (message) {
      case ModelMessage.System(var text) -> {
        out.writeStringField("role", "system");
        out.writeStringField("content", text);
      }
      case ModelMessage.User(var parts) -> {
        out.writeStringField("role", "user");
        parts(parts);
      }
      case ModelMessage.Assistant turn -> assistant(turn);
      case ModelMessage.ToolResult(var id, var text) -> {
        out.writeStringField("role", "tool");
        out.writeStringField("tool_call_id", ids.of(id));
        out.writeStringField("content", text);
      }
    }
    out.writeEndObject();
  }

  private void assistant(ModelMessage.Assistant message) throws IOException {
    out.writeStringField("role", "assistant");
    out.writeStringField(
        "content", message.text() == null && facts.isStrict() ? "" : message.text());
    if (spokenId(message) != null) {
      out.writeObjectFieldStart("audio");
      out.writeStringField("id", spokenId(message));
      out.writeEndObject();
    }
    if (message.toolCalls().isEmpty()) {
      return;
    }
    var own = message.thoughts() != null && isOwn(message.thoughts()) ? message.thoughts() : null;
    reasoning(own);
    if (own != null) {
      extra(Json.MAPPER.valueToTree(own.attributes().get(ChunkReader.MESSAGE)));
    }
    calls(message.toolCalls(), own);
  }

  /** By which the provider knows an earlier answer that was spoken; null if it was not. */
  private static String spokenId(ModelMessage message) {
    return message instanceof ModelMessage.Assistant(_, _, var state)
            && state != null
            && state.attributes().get(ReasoningState.SPOKEN) instanceof String id
        ? id
        : null;
  }

  /**
   * Reasoning goes back to models that are known to need it, in the field that is configured or in
   * which it was received. Others do without it, and some refuse it.
   */
  private void reasoning(ReasoningState own) throws IOException {
    boolean isNeeded =
        provider.reasoningField().isPresent()
            ? !provider.reasoningField().get().equals("none")
            : NEEDS_REASONING.matcher(model).find();
    if (!isNeeded && !facts.requiresReasoning()) {
      return;
    }
    var received = own == null ? null : own.attributes().get(ChunkReader.FIELD);
    var field =
        provider
            .reasoningField()
            .filter(name -> !name.equals("none"))
            .orElse(received instanceof String name ? name : "reasoning_content");
    if (sends(field)) {
      // They need the field with every call, and some refuse one that is empty.
      var text = own == null ? "" : Objects.toString(own.text(), "");
      out.writeStringField(field, text.isEmpty() && facts.requiresReasoning() ? " " : text);
    }
  }

  private void extra(JsonNode fields) throws IOException {
    if (fields == null) {
      return;
    }
    for (var field : fields.properties()) {
      if (sends(field.getKey())) {
        out.writeFieldName(field.getKey());
        out.writeTree(field.getValue());
      }
    }
  }

  private void parts(List<ModelPart> parts) throws IOException {
    if (parts.size() == 1 && parts.getFirst() instanceof ModelPart.Text(var text)) {
      out.writeStringField("content", text);
      return;
    }
    out.writeArrayFieldStart("content");
    for (var part : parts) {
      out.writeStartObject();
      switch (part) {
        case ModelPart.Text(var text) -> {
          out.writeStringField("type", "text");
          out.writeStringField("text", text);
        }
        case ModelPart.Image(var url, var detail) -> {
          out.writeStringField("type", "image_url");
          out.writeObjectFieldStart("image_url");
          out.writeStringField("url", url);
          if (detail != null && sends("detail")) {
            out.writeStringField("detail", detail);
          }
          out.writeEndObject();
        }
        case ModelPart.File(_, var data) -> {
          out.writeStringField("type", "file");
          out.writeObjectFieldStart("file");
          out.writeStringField("filename", data.filename());
          out.writeStringField("file_data", "data:" + FileData.PDF + ";base64," + data.base64());
          out.writeEndObject();
        }
        case ModelPart.Audio(var data, var format) -> {
          out.writeStringField("type", "input_audio");
          out.writeObjectFieldStart("input_audio");
          out.writeStringField("data", data);
          out.writeStringField("format", format);
          out.writeEndObject();
        }
      }
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private void calls(List<ModelToolCall> calls, ReasoningState own) throws IOException {
    out.writeArrayFieldStart("tool_calls");
    for (int i = 0; i < calls.size(); i++) {
      var call = calls.get(i);
      out.writeStartObject();
      out.writeStringField("id", ids.of(call.id()));
      out.writeStringField("type", "function");
      out.writeObjectFieldStart("function");
      out.writeStringField("name", call.name());
      out.writeStringField("arguments", call.arguments());
      out.writeEndObject();
      if (own != null) {
        extra(CallIds.callState(own, i).path("extra"));
      }
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private void format() throws IOException {
    if (!asksForJson(request) || !sends("response_format")) {
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
