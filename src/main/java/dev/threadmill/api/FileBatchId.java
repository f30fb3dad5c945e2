package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a batch of files that were added to a vector store. */
public record FileBatchId(String value) implements Id {
  public static final String PREFIX = "vsfb_";

  @JsonCreator
  public FileBatchId {
    Ids.check(PREFIX, "batch_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
