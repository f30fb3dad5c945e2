package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * Tokens that model calls used.
 *
 * @param reasoningTokens the part of the completion that was reasoning; 0 if the provider does not
 *     say
 */
public record Usage(long promptTokens, long completionTokens, @JsonIgnore long reasoningTokens) {
  public static final Usage NONE = new Usage(0, 0);

  /** Usage without reasoning tokens. */
  public Usage(long promptTokens, long completionTokens) {
    this(promptTokens, completionTokens, 0);
  }

  public Usage plus(Usage other) {
    return new Usage(
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens,
        reasoningTokens + other.reasoningTokens);
  }

  /** The same with counts of 31 bits at most, as the rows of runs and steps have them. */
  public Usage capped() {
    return new Usage(
        Math.min(promptTokens, Integer.MAX_VALUE),
        Math.min(completionTokens, Integer.MAX_VALUE),
        Math.min(reasoningTokens, Integer.MAX_VALUE));
  }

  @JsonProperty
  public long totalTokens() {
    return promptTokens + completionTokens;
  }

  /** The parts of the completion, as chat completions show them; null if they are not known. */
  @JsonProperty
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public Details completionTokensDetails() {
    return reasoningTokens == 0 ? null : new Details(reasoningTokens);
  }

  /** The parts of a completion. */
  public record Details(long reasoningTokens) {}
}
