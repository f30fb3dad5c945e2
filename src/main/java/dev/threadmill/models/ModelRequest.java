package dev.threadmill.models;

import java.util.List;

/**
 * One call of a model. Where a setting is null the default of the provider applies.
 *
 * @param model as the client names it, possibly pinned with {@code @date}
 * @param maxCompletionTokens the most tokens of the completion; null for no limit
 * @param reasoningEffort {@code none} to {@code max}; null for the provider's default
 * @param stop texts at which the model stops; empty for none
 * @param seed asks for the same response to the same request; null for none
 */
public record ModelRequest(
    String model,
    List<ModelMessage> messages,
    List<FunctionSpec> functions,
    ToolChoice toolChoice,
    boolean parallelToolCalls,
    ResponseFormat responseFormat,
    Double temperature,
    Double topP,
    Integer maxCompletionTokens,
    String reasoningEffort,
    List<String> stop,
    Long seed,
    Double frequencyPenalty,
    Double presencePenalty) {
  public ModelRequest {
    messages = List.copyOf(messages);
    functions = List.copyOf(functions);
    stop = stop == null ? List.of() : List.copyOf(stop);
  }

  /** The same call with other messages. */
  public ModelRequest withMessages(List<ModelMessage> others) {
    return with(others, functions);
  }

  /** The same call with other messages and functions. */
  public ModelRequest with(List<ModelMessage> others, List<FunctionSpec> otherFunctions) {
    return new ModelRequest(
        model,
        others,
        otherFunctions,
        toolChoice,
        parallelToolCalls,
        responseFormat,
        temperature,
        topP,
        maxCompletionTokens,
        reasoningEffort,
        stop,
        seed,
        frequencyPenalty,
        presencePenalty);
  }

  /** The same call with another temperature and top_p. */
  public ModelRequest withSampling(Double newTemperature, Double newTopP) {
    return new ModelRequest(
        model,
        messages,
        functions,
        toolChoice,
        parallelToolCalls,
        responseFormat,
        newTemperature,
        newTopP,
        maxCompletionTokens,
        reasoningEffort,
        stop,
        seed,
        frequencyPenalty,
        presencePenalty);
  }

  /** A call with the settings that assistants and runs have. */
  public ModelRequest(
      String model,
      List<ModelMessage> messages,
      List<FunctionSpec> functions,
      ToolChoice toolChoice,
      boolean parallelToolCalls,
      ResponseFormat responseFormat,
      Double temperature,
      Double topP,
      Integer maxCompletionTokens,
      String reasoningEffort) {
    this(
        model,
        messages,
        functions,
        toolChoice,
        parallelToolCalls,
        responseFormat,
        temperature,
        topP,
        maxCompletionTokens,
        reasoningEffort,
        List.of(),
        null,
        null,
        null);
  }

  /** The same call with another limit of the completion. */
  public ModelRequest withMaxCompletionTokens(Integer most) {
    return new ModelRequest(
        model,
        messages,
        functions,
        toolChoice,
        parallelToolCalls,
        responseFormat,
        temperature,
        topP,
        most,
        reasoningEffort,
        stop,
        seed,
        frequencyPenalty,
        presencePenalty);
  }
}
