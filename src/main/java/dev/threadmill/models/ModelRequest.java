package dev.threadmill.models;

import java.util.List;

/**
 * One call of a model. Null settings are left to the provider.
 *
 * @param model as the client names it, possibly pinned with {@code @date}
 * @param maxCompletionTokens the most the model may write; null for no bound
 * @param reasoningEffort {@code none} to {@code max}; null for the provider's default
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
    String reasoningEffort) {
  public ModelRequest {
    messages = List.copyOf(messages);
    functions = List.copyOf(functions);
  }
}
