package dev.threadmill.tools.schema;

import com.networknt.schema.regex.RegularExpression;
import dev.threadmill.assistants.PatternLimits;
import java.util.regex.Pattern;

/**
 * A pattern of a schema, matched within a budget. The budget counts how often the matcher reads a
 * character; {@link PatternLimits} bounds what it may do between two reads.
 */
final class BoundedPattern {
  private static final int MAX_READS = 2_000_000;

  private BoundedPattern() {}

  /** The comparison with a text has used up its budget. */
  static final class MatchBudgetException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  /**
   * @throws IllegalArgumentException if the pattern cannot be compiled, or exceeds its limits
   */
  static RegularExpression of(String regex) {
    PatternLimits.excess(regex)
        .ifPresent(
            reason -> {
              throw new IllegalArgumentException(reason);
            });
    var pattern = Pattern.compile(regex);
    return text -> pattern.matcher(new Counted(text, 0, text.length(), new int[1])).find();
  }

  /** Counts how often the matcher looks at a character. */
  private record Counted(String text, int from, int to, int[] reads) implements CharSequence {
    @Override
    public int length() {
      return to - from;
    }

    @Override
    public char charAt(int index) {
      if (++reads[0] > MAX_READS) {
        throw new MatchBudgetException();
      }
      return text.charAt(from + index);
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return new Counted(text, from + start, from + end, reads);
    }

    @Override
    public String toString() {
      return text.substring(from, to);
    }
  }
}
