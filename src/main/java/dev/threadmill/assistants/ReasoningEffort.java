package dev.threadmill.assistants;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Locale;

/** How hard a model that can reason is to try. */
public enum ReasoningEffort {
  NONE,
  MINIMAL,
  LOW,
  MEDIUM,
  HIGH,
  XHIGH,
  MAX;

  /** The name on the wire and in the database. */
  @JsonValue
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
