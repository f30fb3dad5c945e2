package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What an assistant remembers of a conversation beyond the context window of its model. What is
 * null has the server's default.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryOptions(Boolean enabled, SummaryMethod summaryMethod, Scope scope) {
  /** How messages that no longer fit are summarized. */
  public enum SummaryMethod {
    @JsonProperty("reflection")
    REFLECTION,
    @JsonProperty("rolling")
    ROLLING,
    @JsonProperty("none")
    NONE
  }

  /** Which threads share memories. */
  public enum Scope {
    @JsonProperty("thread")
    THREAD,
    @JsonProperty("assistant")
    ASSISTANT,
    @JsonProperty("user")
    USER
  }
}
