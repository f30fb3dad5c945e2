package dev.threadmill.privacy.detect;

/**
 * Personal data in a text.
 *
 * @param start of the first character
 * @param end behind the last character
 */
public record Finding(EntityKind kind, int start, int end) {
  public Finding {
    if (start < 0 || end <= start) {
      throw new IllegalArgumentException("no text from %d to %d".formatted(start, end));
    }
  }

  boolean overlaps(Finding other) {
    return start < other.end && other.start < end;
  }
}
