package dev.threadmill.models;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;

/**
 * Counts the tokens of text piece by piece. The encoding first splits text by a pattern and then
 * encodes each part by itself, so the counts of pieces that end where parts end add up exactly.
 * Most pieces are words that occur again and again; their counts are cached, which makes counting
 * some fifty times as fast.
 */
final class TokenPieces {
  /** A longer piece without a space is cut anywhere but inside a character. */
  private static final int LONGEST = 16_384;

  private static final int LONGEST_CACHED = 32;
  private static final int CACHE = 1 << 16;

  /** Replaced without synchronization: the worst of a race is a piece that is counted again. */
  private static final Counted[] COUNTED = new Counted[CACHE];

  private record Counted(String piece, int tokens) {}

  private TokenPieces() {}

  /** Loads the large table when it is first needed. */
  private static final class Table {
    static final Encoding ENCODING =
        Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.O200K_BASE);
  }

  /** The tokens of a range of a text. */
  static int count(String text, int from, int to) {
    int tokens = 0;
    int start = from;
    int hash = 0;
    char before = 0;
    for (int at = from; at < to; at++) {
      char c = text.charAt(at);
      if (at > start && (isBoundary(before, c) || isTooLong(start, at, before))) {
        tokens += count(text, start, at, hash);
        start = at;
        hash = 0;
      }
      hash = 31 * hash + c;
      before = c;
    }
    return start < to ? tokens + count(text, start, to, hash) : tokens;
  }

  private static boolean isTooLong(int start, int at, char before) {
    return at - start >= LONGEST && !Character.isHighSurrogate(before);
  }

  private static int count(String text, int from, int to, int hash) {
    int length = to - from;
    if (length > LONGEST_CACHED) {
      return Table.ENCODING.countTokensOrdinary(text.substring(from, to));
    }
    int slot = (hash ^ hash >>> 15) & CACHE - 1;
    var counted = COUNTED[slot];
    if (counted != null
        && counted.piece.length() == length
        && counted.piece.regionMatches(0, text, from, length)) {
      return counted.tokens;
    }
    var piece = text.substring(from, to);
    int tokens = Table.ENCODING.countTokensOrdinary(piece);
    COUNTED[slot] = new Counted(piece, tokens);
    return tokens;
  }

  /**
   * Whether the pattern of o200k always ends a part between two characters. No part has a space
   * after something that is no white space; a letter is followed by letters, marks or a
   * contraction; a digit by digits; a line break by white space or slashes.
   */
  private static boolean isBoundary(char before, char c) {
    if (c == ' ') {
      return !isSpace(before);
    }
    if (before == '\n') {
      return c != '/' && !isSpace(c);
    }
    if (before < 128) {
      if (isAsciiLetter(before)) {
        return c < 128 && !isAsciiLetter(c) && c != '\'';
      }
      return before >= '0' && before <= '9' && c < 128 && (c < '0' || c > '9');
    }
    return Character.isLetter(before) && c < 128 && !isAsciiLetter(c) && c != '\'';
  }

  private static boolean isAsciiLetter(char c) {
    int lower = c | 0x20;
    return lower >= 'a' && lower <= 'z';
  }

  /** A superset of what the pattern takes for white space. */
  private static boolean isSpace(char c) {
    return c <= ' ' || c == 0x85 || c == 0xa0 || c > 0x1000 && isRareSpace(c);
  }

  private static boolean isRareSpace(char c) {
    return c >= 0x2000 && c <= 0x200f
        || c == 0x2028
        || c == 0x2029
        || c == 0x202f
        || c == 0x205f
        || c == 0x3000
        || c == 0x1680
        || c == 0x180e
        || c == 0xfeff;
  }
}
