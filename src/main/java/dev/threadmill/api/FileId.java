package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a file. */
public record FileId(String value) implements Id {
  public static final String PREFIX = "file-";

  @JsonCreator
  public FileId {
    Ids.check(PREFIX, "file_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
