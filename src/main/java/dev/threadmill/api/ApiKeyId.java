package dev.threadmill.api;

import com.fasterxml.jackson.annotation.JsonCreator;
import java.util.Optional;

/** The id of an api key. */
public record ApiKeyId(String value) implements Id {
  public static final String PREFIX = "key_";

  @JsonCreator
  public ApiKeyId {
    Ids.check(PREFIX, "key_id", value);
  }

  /**
   * The id of a client token that this key creates: its own id, a hyphen and this end. Limits find
   * the key by the id of the token.
   */
  public ApiKeyId child(String end) {
    return new ApiKeyId(value + "-" + end);
  }

  /** The key that created the client token of this id; empty for the id of a key. */
  public Optional<ApiKeyId> parent() {
    int hyphen = value.lastIndexOf('-');
    return hyphen < 0 ? Optional.empty() : Optional.of(new ApiKeyId(value.substring(0, hyphen)));
  }

  @Override
  public String toString() {
    return value;
  }
}
