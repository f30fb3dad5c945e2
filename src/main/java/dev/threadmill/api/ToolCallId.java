package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a tool call. */
public record ToolCallId(String value) implements Id {
  public static final String PREFIX = "call_";

  @JsonCreator
  public ToolCallId {
    Ids.check(PREFIX, "tool_call_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
