package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;

/** The id of a message. */
public record MessageId(String value) implements Id {
  public static final String PREFIX = "msg_";

  @JsonCreator
  public MessageId {
    Ids.check(PREFIX, "message_id", value);
  }

  @Override
  public String toString() {
    return value;
  }
}
