package dev.threadmill.models.langchain;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.AudioContent;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.PdfFileContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.internal.JsonSchemaElementJsonUtils;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormatType;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.request.json.JsonSchema;
import dev.threadmill.api.Json;
import dev.threadmill.models.FileData;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelMessage;
import dev.threadmill.models.ModelPart;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** Converts a call to the request of the library. */
final class LangChainRequest {
  private static final Pattern DATA_URL =
      Pattern.compile("data:([^;,]+);base64,(.*)", Pattern.DOTALL);

  private static final TypeReference<LinkedHashMap<String, Object>> MAP = new TypeReference<>() {};

  private LangChainRequest() {}

  /**
   * The request.
   *
   * @param provider the type of the provider, whose own state is sent back to it
   * @param maxTokens the limit to send; null for none
   * @param byAddress whether the provider fetches images itself. Otherwise the library would fetch
   *     them from this server, past the egress policy, so they are refused
   */
  static ChatRequest of(
      ModelRequest request, String provider, Integer maxTokens, boolean byAddress) {
    if (!byAddress) {
      refuseImageUrls(request);
    }
    var builder =
        ChatRequest.builder()
            .messages(messages(request, provider))
            .temperature(request.temperature())
            .topP(request.topP())
            .frequencyPenalty(request.frequencyPenalty())
            .presencePenalty(request.presencePenalty())
            .maxOutputTokens(maxTokens);
    if (!request.stop().isEmpty()) {
      builder.stopSequences(request.stop());
    }
    var functions = offered(request);
    if (!functions.isEmpty()) {
      builder.toolSpecifications(functions.stream().map(LangChainRequest::tool).toList());
      builder.toolChoice(choice(request.toolChoice()));
    }
    switch (request.responseFormat()) {
      case ResponseFormat.JsonObject _ ->
          builder.responseFormat(dev.langchain4j.model.chat.request.ResponseFormat.JSON);
      case ResponseFormat.JsonSchema(var definition) -> builder.responseFormat(format(definition));
      case ResponseFormat.Auto _, ResponseFormat.Text _ -> {}
      case null -> {}
    }
    return builder.build();
  }

  private static void refuseImageUrls(ModelRequest request) {
    for (var message : request.messages()) {
      if (message instanceof ModelMessage.User(var parts)
          && parts.stream()
              .anyMatch(
                  part ->
                      part instanceof ModelPart.Image(var url, _)
                          && !DATA_URL.matcher(url).matches())) {
        throw new IllegalArgumentException(
            "The model accepts images only as data: URLs, not by address.");
      }
    }
  }

  /** A chosen function is required by offering no other. */
  private static List<FunctionSpec> offered(ModelRequest request) {
    String only =
        switch (request.toolChoice()) {
          case ToolChoice.Function(var name) -> name;
          case ToolChoice.BuiltIn(var type) -> type;
          case ToolChoice.Mode _ -> null;
          case null -> null;
        };
    return request.functions().stream()
        .filter(function -> only == null || function.name().equals(only))
        .toList();
  }

  private static dev.langchain4j.model.chat.request.ToolChoice choice(ToolChoice choice) {
    if (choice == null || choice.equals(ToolChoice.AUTO)) {
      return null;
    }
    return choice.equals(ToolChoice.NONE)
        ? dev.langchain4j.model.chat.request.ToolChoice.NONE
        : dev.langchain4j.model.chat.request.ToolChoice.REQUIRED;
  }

  private static ToolSpecification tool(FunctionSpec function) {
    var tool = ToolSpecification.builder().name(function.name());
    if (function.description() != null) {
      tool.description(function.description());
    }
    return tool.parameters(parameters(function)).build();
  }

  /** As far as all parts of the library have a form for them: see {@link SentSchemas}. */
  private static JsonObjectSchema parameters(FunctionSpec function) {
    return function.parameters() != null
            && SentSchemas.isPlain(function.parameters())
            && element(function.parameters()) instanceof JsonObjectSchema object
        ? object
        : JsonObjectSchema.builder().build();
  }

  private static dev.langchain4j.model.chat.request.ResponseFormat format(JsonNode definition) {
    var schema =
        JsonSchema.builder()
            .name(definition.path("name").asText("answer"))
            .rootElement(
                SentSchemas.isPlain(definition.path("schema"))
                    ? element(definition.path("schema"))
                    : JsonObjectSchema.builder().build())
            .build();
    return dev.langchain4j.model.chat.request.ResponseFormat.builder()
        .type(ResponseFormatType.JSON)
        .jsonSchema(schema)
        .build();
  }

  private static dev.langchain4j.model.chat.request.json.JsonSchemaElement element(
      JsonNode schema) {
    Map<String, Object> map =
        schema.isObject() ? Json.MAPPER.convertValue(schema, MAP) : new LinkedHashMap<>();
    map.putIfAbsent("type", "object");
    return JsonSchemaElementJsonUtils.fromMap(map);
  }

  private static List<ChatMessage> messages(ModelRequest request, String provider) {
    var messages = new ArrayList<ChatMessage>();
    var names = new HashMap<String, String>();
    for (var message : request.messages()) {
      switch (message) {
        case ModelMessage.System(var text) -> messages.add(SystemMessage.from(text));
        case ModelMessage.User(var parts) ->
            messages.add(UserMessage.from(parts.stream().map(LangChainRequest::content).toList()));
        case ModelMessage.Assistant(var text, var calls, var thoughts) -> {
          calls.forEach(call -> names.put(call.id(), call.name()));
          if (calls.isEmpty()) {
            messages.add(AiMessage.from(text == null ? "" : text));
          } else {
            var builder = AiMessage.builder();
            if (thoughts != null && thoughts.by().equals(provider)) {
              builder.thinking(thoughts.text()).attributes(thoughts.attributes());
            }
            messages.add(
                builder
                    .text(text == null || text.isEmpty() ? null : text)
                    .toolExecutionRequests(
                        calls.stream()
                            .map(
                                call ->
                                    ToolExecutionRequest.builder()
                                        .id(call.id())
                                        .name(call.name())
                                        .arguments(call.arguments())
                                        .build())
                            .toList())
                    .build());
          }
        }
        case ModelMessage.ToolResult(var id, var text) ->
            messages.add(
                ToolExecutionResultMessage.from(id, names.getOrDefault(id, "unknown"), text));
      }
    }
    return messages;
  }

  private static Content content(ModelPart part) {
    return switch (part) {
      case ModelPart.Text(var text) -> TextContent.from(text);
      case ModelPart.Image(var url, _) -> {
        var data = DATA_URL.matcher(url);
        yield data.matches()
            ? ImageContent.from(data.group(2), data.group(1))
            : ImageContent.from(url);
      }
      case ModelPart.File(_, var data) -> PdfFileContent.from(data.base64(), FileData.PDF);
      case ModelPart.Audio(var data, var format) -> AudioContent.from(data, "audio/" + format);
    };
  }
}
