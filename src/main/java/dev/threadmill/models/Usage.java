package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Tokens that model calls have cost.
 *
 * @param reasoningTokens those of the completion that went into reasoning; 0 if the provider does
 *     not tell
 */
public record Usage(int promptTokens, int completionTokens, @JsonIgnore int reasoningTokens) {
  public static final Usage NONE = new Usage(0, 0);

  /** Tokens of which none are known to have gone into reasoning. */
  public Usage(int promptTokens, int completionTokens) {
    this(promptTokens, completionTokens, 0);
  }

  public Usage plus(Usage other) {
    return new Usage(
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens,
        reasoningTokens + other.reasoningTokens);
  }

  @JsonProperty
  public int totalTokens() {
    return promptTokens + completionTokens;
  }

  /** What the completion consists of, as chat completions show it; null if it is not known. */
  @JsonProperty
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public Details completionTokensDetails() {
    return reasoningTokens == 0 ? null : new Details(reasoningTokens);
  }

  /** What a completion consists of. */
  public record Details(int reasoningTokens) {}
}
