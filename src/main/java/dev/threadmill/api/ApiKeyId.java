package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of an api key. */
public record ApiKeyId(String value) implements Id {
  public static final String PREFIX = "key_";

  @JsonCreator
  public ApiKeyId {
    Ids.check(PREFIX, "key_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
