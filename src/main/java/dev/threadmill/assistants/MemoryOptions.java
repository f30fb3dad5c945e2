package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * What an assistant keeps of a conversation beyond the window of its model. What is null has the
 * server's default.
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record MemoryOptions(Boolean enabled, SummaryMethod summaryMethod, Scope scope) {
  /** How what no longer fits is summed up. */
  public enum SummaryMethod {
    @JsonProperty("reflection")
    REFLECTION,
    @JsonProperty("rolling")
    ROLLING,
    @JsonProperty("none")
    NONE
  }

  /** How far memories reach. */
  public enum Scope {
    @JsonProperty("thread")
    THREAD,
    @JsonProperty("assistant")
    ASSISTANT,
    @JsonProperty("user")
    USER
  }
}
