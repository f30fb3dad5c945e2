package dev.threadmill.models;

import java.util.List;

/**
 * A complete response: all its deltas together, and the tokens that it used.
 *
 * @param text empty if the model only called tools
 * @param refusal null unless the model refused
 * @param reasoning null if the provider gave none
 * @param thoughts state that the provider needs back with the results of the tool calls; null for
 *     none
 * @param usage as the provider counts, or our own count where its own is missing or impossible
 * @param origin where the response comes from
 */
public record ModelResponse(
    String text,
    String refusal,
    String reasoning,
    List<ModelToolCall> toolCalls,
    ReasoningState thoughts,
    FinishReason finishReason,
    Usage usage,
    Origin origin) {
  /**
   * Where a response comes from, as the provider says.
   *
   * @param id of the response; null if it has none
   * @param model that has made it; null if the provider does not say
   */
  public record Origin(String id, String model) {
    /** Nothing is known. */
    public static final Origin UNKNOWN = new Origin(null, null);
  }

  /** A response of which the provider says nothing else. */
  public ModelResponse(
      String text,
      String refusal,
      String reasoning,
      List<ModelToolCall> toolCalls,
      ReasoningState thoughts,
      FinishReason finishReason,
      Usage usage) {
    this(text, refusal, reasoning, toolCalls, thoughts, finishReason, usage, Origin.UNKNOWN);
  }

  public ModelResponse {
    toolCalls = List.copyOf(toolCalls);
  }

  /** The same with another state of the provider; null for none. */
  public ModelResponse with(ReasoningState state) {
    return new ModelResponse(
        text, refusal, reasoning, toolCalls, state, finishReason, usage, origin);
  }

  /** The same with the cost of its usage by this price; null if the price is not known. */
  public ModelResponse at(Price price) {
    return new ModelResponse(
        text, refusal, reasoning, toolCalls, thoughts, finishReason, usage.at(price), origin);
  }

  /** Why the model stopped. */
  public enum FinishReason {
    STOP,
    TOOL_CALLS,
    /** The completion reached its limit of tokens. */
    LENGTH,
    CONTENT_FILTER
  }
}
