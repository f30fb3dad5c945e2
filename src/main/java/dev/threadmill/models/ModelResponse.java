package dev.threadmill.models;

import java.util.List;

/**
 * A whole answer: the fold of its deltas, and what it cost.
 *
 * @param text empty if the model only called tools
 * @param refusal null unless the model refused
 * @param reasoning null if the provider gave none
 * @param thoughts what the provider wants back with the results of the tool calls; null for nothing
 * @param usage as the provider counts, or our own count where it does not say
 */
public record ModelResponse(
    String text,
    String refusal,
    String reasoning,
    List<ModelToolCall> toolCalls,
    ReasoningState thoughts,
    FinishReason finishReason,
    Usage usage) {
  public ModelResponse {
    toolCalls = List.copyOf(toolCalls);
  }

  /** Why the model stopped. */
  public enum FinishReason {
    STOP,
    TOOL_CALLS,
    /** The completion reached its bound of tokens. */
    LENGTH,
    CONTENT_FILTER
  }
}
