package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of an upload in parts. */
public record UploadId(String value) implements Id {
  public static final String PREFIX = "upload_";

  @JsonCreator
  public UploadId {
    Ids.check(PREFIX, "upload_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
