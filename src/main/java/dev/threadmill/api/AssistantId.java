package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of an assistant. */
public record AssistantId(String value) implements Id {
  public static final String PREFIX = "asst_";

  @JsonCreator
  public AssistantId {
    Ids.check(PREFIX, "assistant_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
