package dev.threadmill.models.chat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import dev.threadmill.api.StorableText;
import dev.threadmill.models.FunctionSpec;
import dev.threadmill.models.ModelRequest;
import dev.threadmill.models.ResponseFormat;
import dev.threadmill.models.ToolChoice;
import java.util.List;
import java.util.Optional;
import java.util.stream.StreamSupport;

/**
 * The body of {@code POST /v1/chat/completions}. Unsupported options are rejected. Usage is counted
 * for the {@code user} or {@code safety_identifier}; {@code store}, {@code metadata}, {@code
 * service_tier} and other fields for the bookkeeping of the original service are accepted and have
 * no effect.
 */
public record ChatCompletionRequest(
    String model,
    List<ChatMessage> messages,
    Boolean stream,
    StreamOptions streamOptions,
    Double temperature,
    Double topP,
    Integer n,
    Integer maxTokens,
    Integer maxCompletionTokens,
    JsonNode stop,
    Long seed,
    Double frequencyPenalty,
    Double presencePenalty,
    List<ChatTool> tools,
    ToolChoice toolChoice,
    Boolean parallelToolCalls,
    ResponseFormat responseFormat,
    String reasoningEffort,
    List<String> modalities,
    List<String> output,
    JsonNode audio,
    JsonNode logitBias,
    Boolean logprobs,
    Integer topLogprobs,
    JsonNode functions,
    JsonNode functionCall,
    JsonNode webSearchOptions,
    String verbosity,
    JsonNode prediction,
    String user,
    Boolean store,
    JsonNode metadata,
    String serviceTier,
    String safetyIdentifier,
    String promptCacheKey,
    String promptCacheRetention) {
  private static final int MOST_MESSAGES = 10_000;
  private static final int MOST_FUNCTIONS = 128;
  private static final int MOST_STOPS = 4;

  /** Options of the stream. */
  public record StreamOptions(Boolean includeUsage, Boolean includeObfuscation) {}

  public ChatCompletionRequest {
    StorableText.require("user", user);
    StorableText.require("safety_identifier", safetyIdentifier);
    Bounds.requiredText("model", model, 256);
    Bounds.required("messages", messages);
    messages = Bounds.list("messages", messages, MOST_MESSAGES);
    if (messages.isEmpty()) {
      throw ApiException.invalid("messages", "Invalid 'messages': empty array.");
    }
    tools = Bounds.list("tools", tools, MOST_FUNCTIONS);
    Bounds.number("temperature", temperature, 0, 2);
    Bounds.number("top_p", topP, 0, 1);
    Bounds.number("frequency_penalty", frequencyPenalty, -2, 2);
    Bounds.number("presence_penalty", presencePenalty, -2, 2);
    Bounds.integer("max_tokens", maxTokens, 1, Integer.MAX_VALUE);
    Bounds.integer("max_completion_tokens", maxCompletionTokens, 1, Integer.MAX_VALUE);
    if (streamOptions != null && !Boolean.TRUE.equals(stream)) {
      throw ApiException.invalid(
          "stream_options", "Invalid 'stream_options': it is only allowed when 'stream' is true.");
    }
    refuse("n", n != null && n != 1, "only one choice can be had");
    RequestedSpeech.check(modalities, output, audio);
    refuse("logprobs", Boolean.TRUE.equals(logprobs), "probabilities are not available");
    refuse("top_logprobs", topLogprobs != null && topLogprobs != 0, "they are not available");
    refuse("logit_bias", isSet(logitBias) && !logitBias.isEmpty(), "it cannot be passed on");
    refuse("functions", isSet(functions), "it is out of date: use 'tools'");
    refuse("function_call", isSet(functionCall), "it is out of date: use 'tool_choice'");
    RequestedSearch.of(webSearchOptions);
    refuse("verbosity", verbosity != null && !verbosity.equals("medium"), "it cannot be passed on");
    stops(stop);
    checkChoice(toolChoice, tools);
  }

  /** Whom the client calls for; null if it does not say. */
  String caller() {
    return user == null ? safetyIdentifier : user;
  }

  boolean isStream() {
    return Boolean.TRUE.equals(stream);
  }

  boolean includesUsage() {
    return streamOptions != null && Boolean.TRUE.equals(streamOptions.includeUsage());
  }

  /** The model request for it. */
  ModelRequest toModelRequest() {
    return new ModelRequest(
        model,
        messages.stream().map(ChatMessage::message).toList(),
        functionSpecs(tools),
        choice(),
        !Boolean.FALSE.equals(parallelToolCalls),
        responseFormat == null ? ResponseFormat.AUTO : responseFormat,
        new ModelRequest.Options(
            temperature,
            topP,
            maxCompletionTokens != null ? maxCompletionTokens : maxTokens,
            reasoningEffort,
            stops(stop),
            seed,
            frequencyPenalty,
            presencePenalty,
            speech(),
            webSearch()));
  }

  /** How the answer is to be spoken; null for text only. */
  ModelRequest.Speech speech() {
    return RequestedSpeech.of(modalities, output, audio, isStream());
  }

  /** How the provider may search the web for the answer; null for no search. */
  ModelRequest.WebSearch webSearch() {
    return RequestedSearch.of(webSearchOptions);
  }

  /** The field that asks for a spoken answer. */
  String speechField() {
    return RequestedSpeech.includesAudio(output) ? "output" : "modalities";
  }

  /** The choice; that of the code interpreter by its function. */
  private ToolChoice choice() {
    return switch (toolChoice) {
      case null -> ToolChoice.AUTO;
      case ToolChoice.BuiltIn _ -> new ToolChoice.Function(codeFunction().orElseThrow());
      case ToolChoice.Function _, ToolChoice.Mode _ -> toolChoice;
    };
  }

  /** The name of the function that runs code on this server; empty if there is none. */
  Optional<String> codeFunction() {
    return codeFunction(tools);
  }

  private static Optional<String> codeFunction(List<ChatTool> tools) {
    return tools == null
        ? Optional.empty()
        : tools.stream().filter(ChatTool::isCode).map(tool -> tool.function().name()).findFirst();
  }

  private static List<FunctionSpec> functionSpecs(List<ChatTool> tools) {
    return tools == null ? List.of() : tools.stream().map(ChatTool::function).toList();
  }

  private static void checkChoice(ToolChoice choice, List<ChatTool> tools) {
    switch (choice) {
      case ToolChoice.Function(var name) -> {
        if (functionSpecs(tools).stream().noneMatch(function -> function.name().equals(name))) {
          throw ApiException.invalid(
              "tool_choice",
              "Invalid 'tool_choice': there is no function '%s' among 'tools'.".formatted(name));
        }
      }
      case ToolChoice.BuiltIn(var type) -> {
        if (!type.equals(ChatTool.CODE) || codeFunction(tools).isEmpty()) {
          throw ApiException.invalid(
              "tool_choice",
              "Invalid 'tool_choice': there is no tool of type '%s' among 'tools'."
                  .formatted(type));
        }
      }
      case ToolChoice.Mode(var mode) -> {
        if (mode.equals("required") && (tools == null || tools.isEmpty())) {
          throw ApiException.invalid(
              "tool_choice", "Invalid 'tool_choice': 'required' needs at least one of 'tools'.");
        }
      }
      case null -> {}
    }
  }

  private static List<String> stops(JsonNode stop) {
    if (!isSet(stop)) {
      return List.of();
    }
    var stops =
        stop.isTextual()
            ? List.of(stop.textValue())
            : StreamSupport.stream(stop.spliterator(), false)
                .filter(JsonNode::isTextual)
                .map(JsonNode::textValue)
                .toList();
    boolean isList = stop.isArray() && stops.size() == stop.size() && stops.size() <= MOST_STOPS;
    if (!stop.isTextual() && !isList) {
      throw ApiException.invalid(
          "stop", "Invalid 'stop': expected a string or an array of up to 4 strings.");
    }
    return stops;
  }

  private static boolean isSet(JsonNode node) {
    return node != null && !node.isNull();
  }

  private static void refuse(String param, boolean isPresent, String why) {
    if (isPresent) {
      throw ApiException.invalid(
          param, "unsupported_value", "Unsupported value for '%s': %s.".formatted(param, why));
    }
  }
}
