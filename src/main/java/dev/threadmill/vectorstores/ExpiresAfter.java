package dev.threadmill.vectorstores;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.threadmill.api.Bounds;

/**
 * When a vector store expires.
 *
 * @param anchor what the days count from
 * @param days 1 to 365
 */
public record ExpiresAfter(Anchor anchor, Integer days) {
  private static final int MAX_DAYS = 365;

  public ExpiresAfter {
    Bounds.required("anchor", anchor);
    Bounds.integer("days", Bounds.required("days", days), 1, MAX_DAYS);
  }

  /** The time that the days count from. */
  public enum Anchor {
    /** The last time that the store was changed or searched. */
    @JsonProperty("last_active_at")
    LAST_ACTIVE_AT
  }

  /** So many days after the last activity. */
  public static ExpiresAfter days(int days) {
    return new ExpiresAfter(Anchor.LAST_ACTIVE_AT, days);
  }
}
