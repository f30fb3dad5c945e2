package dev.threadmill.models.openai;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.threadmill.egress.RequestBody;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ModelToolCall;
import dev.threadmill.models.ProviderConfig;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Objects;

/** Writes a call as the body of {@code POST /chat/completions}. What is null is left out. */
final class ChatRequest {
  private static final JsonFactory JSON = new JsonFactory(new ObjectMapper());

  private final ModelRequest request;
  private final ProviderConfig settings;
  private final JsonGenerator out;

  private ChatRequest(ModelRequest request, ProviderConfig settings, JsonGenerator out) {
    this.request = request;
    this.settings = settings;
    this.out = out;
  }

  static RequestBody write(ModelRequest request, String model, ProviderConfig settings) {
    var bytes = new RequestBody();
    try (var out = JSON.createGenerator(bytes)) {
      new ChatRequest(request, settings, out).body(model);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes;
  }

  private void body(String model) throws IOException {
    out.writeStartObject();
    out.writeStringField("model", model);
    out.writeBooleanField("stream", settings.streams());
    if (settings.streams()) {
      out.writeObjectFieldStart("stream_options");
      out.writeBooleanField("include_usage", true);
      out.writeEndObject();
    }
    out.writeArrayFieldStart("messages");
    for (var message : request.messages()) {
      message(message);
    }
    out.writeEndArray();
    tools();
    format();
    number("temperature", request.temperature());
    number("top_p", request.topP());
    number("frequency_penalty", request.frequencyPenalty());
    number("presence_penalty", request.presencePenalty());
    if (request.maxCompletionTokens() != null) {
      out.writeNumberField(settings.maxTokensField(), request.maxCompletionTokens());
    }
    if (request.seed() != null) {
      out.writeNumberField("seed", request.seed());
    }
    if (request.reasoningEffort() != null) {
      out.writeStringField("reasoning_effort", request.reasoningEffort());
    }
    if (!request.stop().isEmpty()) {
      out.writeArrayFieldStart("stop");
      for (var stop : request.stop()) {
        out.writeString(stop);
      }
      out.writeEndArray();
    }
    out.writeEndObject();
  }

  private void message(ModelMessage message) throws IOException {
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
      case ModelMessage.Assistant(var text, var calls, var thoughts) -> {
        out.writeStringField("role", "assistant");
        out.writeStringField("content", text);
        if (settings.reasoningField().isPresent() && !calls.isEmpty()) {
          // Servers that want it back want the field with every call, be it empty.
          boolean own = thoughts != null && thoughts.by().equals(settings.type());
          out.writeStringField(
              settings.reasoningField().get(), own ? Objects.toString(thoughts.text(), "") : "");
        }
        calls(calls);
      }
      case ModelMessage.ToolResult(var id, var text) -> {
        out.writeStringField("role", "tool");
        out.writeStringField("tool_call_id", id);
        out.writeStringField("content", text);
      }
    }
    out.writeEndObject();
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
          if (detail != null) {
            out.writeStringField("detail", detail);
          }
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

  private void calls(List<ModelToolCall> calls) throws IOException {
    if (calls.isEmpty()) {
      return;
    }
    out.writeArrayFieldStart("tool_calls");
    for (var call : calls) {
      out.writeStartObject();
      out.writeStringField("id", call.id());
      out.writeStringField("type", "function");
      out.writeObjectFieldStart("function");
      out.writeStringField("name", call.name());
      out.writeStringField("arguments", call.arguments());
      out.writeEndObject();
      out.writeEndObject();
    }
    out.writeEndArray();
  }

  private void tools() throws IOException {
    if (request.functions().isEmpty()) {
      return;
    }
    out.writeArrayFieldStart("tools");
    for (var function : request.functions()) {
      tool(function);
    }
    out.writeEndArray();
    switch (request.toolChoice()) {
      case ToolChoice.Mode(var mode) -> {
        if (!mode.equals("auto")) {
          out.writeStringField("tool_choice", mode);
        }
      }
      case ToolChoice.Function(var name) -> choose(name);
      case ToolChoice.BuiltIn(var name) -> choose(name);
      case null -> {}
    }
    // True is what all servers do anyway, and some refuse the field.
    if (!request.parallelToolCalls()) {
      out.writeBooleanField("parallel_tool_calls", false);
    }
  }

  private void tool(FunctionSpec function) throws IOException {
    out.writeStartObject();
    out.writeStringField("type", "function");
    out.writeObjectFieldStart("function");
    out.writeStringField("name", function.name());
    if (function.description() != null) {
      out.writeStringField("description", function.description());
    }
    out.writeFieldName("parameters");
    if (function.parameters() == null) {
      out.writeStartObject();
      out.writeStringField("type", "object");
      out.writeObjectFieldStart("properties");
      out.writeEndObject();
      out.writeEndObject();
    } else {
      out.writeTree(function.parameters());
    }
    if (function.strict() != null) {
      out.writeBooleanField("strict", function.strict());
    }
    out.writeEndObject();
    out.writeEndObject();
  }

  private void choose(String function) throws IOException {
    out.writeObjectFieldStart("tool_choice");
    out.writeStringField("type", "function");
    out.writeObjectFieldStart("function");
    out.writeStringField("name", function);
    out.writeEndObject();
    out.writeEndObject();
  }

  private void format() throws IOException {
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
    if (value != null) {
      out.writeNumberField(field, value);
    }
  }
}
