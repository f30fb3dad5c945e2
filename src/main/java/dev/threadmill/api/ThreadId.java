package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a thread. */
public record ThreadId(String value) implements Id {
  public static final String PREFIX = "thread_";

  @JsonCreator
  public ThreadId {
    Ids.check(PREFIX, "thread_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
