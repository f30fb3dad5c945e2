package dev.threadmill.guard;

/**
 * Removes what a page does not show but a model reads: HTML comments, characters that have no shape
 * (zero-width, tags), and those that change the direction of text. Joiners stay, since scripts and
 * emoji need them.
 */
final class HiddenTextStream implements ContentStream {
  private static final String COMMENT = "<!--";
  private static final String COMMENT_END = "-->";

  /** A comment that is longer than this does not hold back what follows it for ever. */
  private static final int MAX_COMMENT = 1 << 20;

  private final SafetyPolicy policy;
  private final StringBuilder held = new StringBuilder();
  private int commentLength = -1;

  HiddenTextStream(SafetyPolicy policy) {
    this.policy = policy;
  }

  @Override
  public String next(String piece) {
    held.append(piece);
    return pass(false);
  }

  @Override
  public String end() {
    return pass(true);
  }

  private String pass(boolean isLast) {
    var passed = new StringBuilder();
    while (true) {
      if (commentLength >= 0 && !skipComment(isLast)) {
        return passed.toString();
      }
      int start = held.indexOf(COMMENT);
      int visible = start >= 0 ? start : isLast ? held.length() : withoutPrefix();
      append(passed, held.substring(0, visible));
      held.delete(0, start >= 0 ? start + COMMENT.length() : visible);
      if (start < 0) {
        return passed.toString();
      }
      commentLength = 0;
      policy.withheld().run();
    }
  }

  /** Skips up to the end of the comment. Returns whether it is there. */
  private boolean skipComment(boolean isLast) {
    int end = held.indexOf(COMMENT_END);
    if (end >= 0) {
      held.delete(0, end + COMMENT_END.length());
      commentLength = -1;
      return true;
    }
    int keep = isLast ? 0 : Math.min(held.length(), COMMENT_END.length() - 1);
    commentLength += held.length() - keep;
    held.delete(0, held.length() - keep);
    if (commentLength > MAX_COMMENT) {
      commentLength = -1;
      return true;
    }
    return false;
  }

  /** The length of the text that cannot be the beginning of a comment. */
  private int withoutPrefix() {
    for (int length = Math.min(COMMENT.length() - 1, held.length()); length > 0; length--) {
      if (COMMENT.startsWith(held.substring(held.length() - length))) {
        return held.length() - length;
      }
    }
    int last = held.length() - 1;
    return last >= 0 && Character.isHighSurrogate(held.charAt(last)) ? last : held.length();
  }

  private void append(StringBuilder passed, String text) {
    int before = passed.length();
    text.codePoints().filter(character -> !isHidden(character)).forEach(passed::appendCodePoint);
    if (passed.length() - before < text.length()) {
      policy.withheld().run();
    }
  }

  private static boolean isHidden(int character) {
    return character == 0x00AD
        || character == 0x200B
        || character >= 0x200E && character <= 0x200F
        || character >= 0x202A && character <= 0x202E
        || character >= 0x2060 && character <= 0x2064
        || character >= 0x2066 && character <= 0x206F
        || character == 0xFEFF
        || character >= 0xFFF9 && character <= 0xFFFB
        || character >= 0xE0000 && character <= 0xE007F;
  }
}
