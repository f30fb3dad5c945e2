package dev.threadmill.files.rest;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.time.Duration;

/**
 * When a file expires.
 *
 * @param anchor {@code created_at}
 * @param seconds an hour to thirty days
 */
record ExpiresAfter(String anchor, Integer seconds) {
  private static final String ANCHOR = "created_at";
  private static final int MIN = 3_600;
  private static final int MAX = 2_592_000;

  ExpiresAfter {
    check("anchor", anchor, "seconds", seconds);
  }

  Duration duration() {
    return Duration.ofSeconds(seconds);
  }

  /** The duration that a form says in fields of their own; null if it says none. */
  static Duration of(ReceivedForm form) {
    var anchor = form.field(ANCHOR_FIELD).orElse(null);
    var seconds = form.integer(SECONDS_FIELD).orElse(null);
    if (anchor == null && seconds == null) {
      return null;
    }
    check(ANCHOR_FIELD, anchor, SECONDS_FIELD, seconds);
    return Duration.ofSeconds(seconds);
  }

  static final String ANCHOR_FIELD = "expires_after[anchor]";
  static final String SECONDS_FIELD = "expires_after[seconds]";

  private static void check(
      String anchorParam, String anchor, String secondsParam, Integer seconds) {
    if (!ANCHOR.equals(Bounds.required(anchorParam, anchor))) {
      throw ApiException.invalid(
          anchorParam, "Invalid '%s': expected 'created_at'.".formatted(anchorParam));
    }
    Bounds.integer(secondsParam, Bounds.required(secondsParam, seconds), MIN, MAX);
  }
}
