package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a run. */
public record RunId(String value) implements Id {
  public static final String PREFIX = "run_";

  @JsonCreator
  public RunId {
    Ids.check(PREFIX, "run_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
