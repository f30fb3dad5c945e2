package dev.threadmill.files.chunks;

/**
 * Finds the ends of sentences and lines. An end after an abbreviation does no harm: it is a place
 * where a chunk may end, not one where it must.
 */
final class SentenceEnds {
  private SentenceEnds() {}

  /**
   * The end of the sentence or line that starts at a position: after a line break, before a space.
   */
  static int next(String text, int from) {
    int length = text.length();
    for (int at = from; at < length; at++) {
      char c = text.charAt(at);
      if (c == '\n') {
        return skip(text, at, '\n');
      }
      if (isWideEnd(c)) {
        return skipClosing(text, at + 1);
      }
      if (isEnd(c)) {
        int after = skipClosing(text, at + 1);
        // the space goes with the next sentence, as it does in the encoding of tokens
        if (after < length && isSpace(text.charAt(after))) {
          return after;
        }
        at = after - 1; // none of these marks has a space after it, so none is looked at again
      }
    }
    return length;
  }

  private static int skip(String text, int at, char c) {
    while (at < text.length() && text.charAt(at) == c) {
      at++;
    }
    return at;
  }

  private static int skipClosing(String text, int at) {
    while (at < text.length() && isClosing(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\u00a0';
  }

  private static boolean isEnd(char c) {
    return switch (c) {
      case '.', '!', '?', '…', '؟', '۔', '।', '॥', '։', '።' -> true;
      default -> false;
    };
  }

  /** Ends of sentences in scripts that put no space after them. */
  private static boolean isWideEnd(char c) {
    return switch (c) {
      case '。', '！', '？', '｡', '．' -> true;
      default -> false;
    };
  }

  private static boolean isClosing(char c) {
    return switch (c) {
      case '"', '\'', ')', ']', '}', '”', '’', '»', '」', '』', '）', '】', '.', '!', '?' -> true;
      default -> false;
    };
  }
}
