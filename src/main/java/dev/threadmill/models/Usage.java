package dev.threadmill.models;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Tokens that model calls have cost. */
public record Usage(int promptTokens, int completionTokens) {
  public static final Usage NONE = new Usage(0, 0);

  public Usage plus(Usage other) {
    return new Usage(promptTokens + other.promptTokens, completionTokens + other.completionTokens);
  }

  @JsonProperty
  public int totalTokens() {
    return promptTokens + completionTokens;
  }
}
