package dev.threadmill.models.openai;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.Json;
import dev.threadmill.models.FileData;
import dev.threadmill.models.ModelFacts;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ReasoningState;
import dev.threadmill.models.adapt.CallIds;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Writes the messages of a call. */
final class MessagesWriter {
  /** Models that refuse calls without the reasoning that led to them, on whichever server. */
  private static final Pattern NEEDS_REASONING =
      Pattern.compile("deepseek|kimi|moonshot", Pattern.CASE_INSENSITIVE);

  private final String model;
  private final ProviderConfig provider;
  private final ModelFacts facts;
  private final CallIds ids;
  private final JsonGenerator out;
  private final Predicate<String> sends;

  /**
   * @param model its name at the provider
   * @param messages all that are written
   * @param sends whether a field is sent; called for each that a provider may refuse
   */
  MessagesWriter(
      String model,
      ProviderConfig provider,
      ModelFacts facts,
      List<ModelMessage> messages,
      JsonGenerator out,
      Predicate<String> sends) {
    this.model = model;
    this.provider = provider;
    this.facts = facts;
    this.out = out;
    this.sends = sends;
    this.ids = CallIds.of(messages, this::isOwn, facts.hasShortIds());
  }

  /** Whether this is the state of a response of the provider that is called. */
  private boolean isOwn(ReasoningState state) {
    var attributes = state.attributes();
    return state.by().equals(provider.type())
        && provider.name().equals(attributes.getOrDefault(ChunkReader.PROVIDER, provider.name()))
        && model.equals(attributes.getOrDefault(ChunkReader.MODEL, model));
  }

  /** Writes a message, unless it has nothing. */
  void write(ModelMessage message) throws IOException {
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
    if (sends.test(field)) {
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
      if (sends.test(field.getKey())) {
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
          if (detail != null && sends.test("detail")) {
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
}
