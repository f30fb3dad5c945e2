package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a step. */
public record StepId(String value) implements Id {
  public static final String PREFIX = "step_";

  @JsonCreator
  public StepId {
    Ids.check(PREFIX, "step_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
