package dev.threadmill.projects;

import dev.threadmill.api.ApiException;
import dev.threadmill.api.Bounds;
import java.time.Duration;

/**
 * How long a key works, on the wire.
 *
 * @param anchor {@code created_at}, which is the only one; null for the same
 */
public record KeyLifetime(String anchor, Long seconds) {
  private static final String ANCHOR = "created_at";

  public KeyLifetime {
    if (anchor != null && !anchor.equals(ANCHOR)) {
      throw ApiException.invalid(
          "expires_after.anchor", "Invalid 'expires_after.anchor': expected 'created_at'.");
    }
    Bounds.required("expires_after.seconds", seconds);
  }

  /** Answers 400 unless it is within these bounds. */
  public void requireWithin(String param, Duration least, Duration most) {
    if (seconds < least.toSeconds() || seconds > most.toSeconds()) {
      throw ApiException.invalid(
          param + ".seconds",
          "Invalid '%s.seconds': expected a value from %d to %d, got %d."
              .formatted(param, least.toSeconds(), most.toSeconds(), seconds));
    }
  }
}
