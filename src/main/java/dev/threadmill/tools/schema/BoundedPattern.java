package dev.threadmill.tools.schema;

import com.networknt.schema.regex.RegularExpression;
import java.util.regex.Pattern;

/** A pattern of a schema that gives up when a text takes it too long. */
final class BoundedPattern {
  private static final int MOST_READS = 2_000_000;

  private BoundedPattern() {}

  /** A text took too long to compare. */
  static final class MatchBudgetException extends RuntimeException {
    private static final long serialVersionUID = 1;
  }

  static RegularExpression of(String regex) {
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
      if (++reads[0] > MOST_READS) {
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
