package dev.threadmill.assistants;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Bounds the patterns of JSON Schemas. A matcher that reads no characters cannot be stopped by
 * counting what it reads, so bounded repetitions are multiplied along their nesting.
 */
public final class PatternLimits {
  private static final int MAX_LENGTH = 4_096;
  private static final int MAX_NESTING = 100;
  private static final long MAX_REPETITIONS = 1_000_000;
  private static final Pattern REPETITION = Pattern.compile("\\{(\\d{1,10})(?:,(\\d{0,10}))?\\}");

  private final String pattern;
  private final Matcher repetition;
  private int at;

  private PatternLimits(String pattern) {
    this.pattern = pattern;
    this.repetition = REPETITION.matcher(pattern);
  }

  /** Why the pattern is refused; empty if it is not. */
  public static Optional<String> excess(String pattern) {
    if (pattern.length() > MAX_LENGTH) {
      return Optional.of("a pattern is longer than %,d characters".formatted(MAX_LENGTH));
    }
    long repetitions = new PatternLimits(pattern).repetitions(0);
    if (repetitions < 0) {
      return Optional.of("the groups of a pattern nest deeper than %d".formatted(MAX_NESTING));
    }
    return repetitions > MAX_REPETITIONS
        ? Optional.of("a pattern repeats its parts more than %,d times".formatted(MAX_REPETITIONS))
        : Optional.empty();
  }

  /** The repetitions up to the end of the group; below 0 if groups nest too deep. */
  private long repetitions(int nesting) {
    if (nesting > MAX_NESTING) {
      return -1;
    }
    long sum = 0;
    while (at < pattern.length()) {
      char c = pattern.charAt(at++);
      long part = 1;
      if (c == ')') {
        return sum;
      } else if (c == '\\') {
        at++;
      } else if (c == '[') {
        skipClass();
      } else if (c == '(') {
        part = repetitions(nesting + 1);
        if (part < 0) {
          return -1;
        }
      }
      sum = Math.min(sum + Math.max(1, part) * times(), Integer.MAX_VALUE);
    }
    return sum;
  }

  /** How often the part that has just ended is repeated at most, as far as a bound says. */
  private long times() {
    long times = 1;
    while (at < pattern.length() && repetition.region(at, pattern.length()).lookingAt()) {
      long least = Long.parseLong(repetition.group(1));
      var most = repetition.group(2);
      long bound = most == null || most.isEmpty() ? least : Long.parseLong(most);
      times = Math.min(times * Math.max(1, bound), Integer.MAX_VALUE);
      at = repetition.end();
    }
    return times;
  }

  private void skipClass() {
    int depth = 1;
    while (at < pattern.length() && depth > 0) {
      char c = pattern.charAt(at++);
      if (c == '\\') {
        at++;
      } else if (c == '[') {
        depth++;
      } else if (c == ']') {
        depth--;
      }
    }
  }
}
