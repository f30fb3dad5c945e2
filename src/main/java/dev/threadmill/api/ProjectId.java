package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a project. */
public record ProjectId(String value) implements Id {
  public static final String PREFIX = "proj_";

  @JsonCreator
  public ProjectId {
    Ids.check(PREFIX, "project_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
