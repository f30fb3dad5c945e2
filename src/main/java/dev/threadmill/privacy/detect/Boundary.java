package dev.threadmill.privacy.detect;

/** Where a number or name of letters and digits may begin and end: not within a word. */
final class Boundary {
  /** Letters of scripts that put no spaces between words. */
  private static final String UNSPACED =
      "\\p{IsHan}\\p{IsHiragana}\\p{IsKatakana}\\p{IsHangul}\\p{IsThai}\u30fc";

  /** A character of a word. */
  static final String IN_WORD = "[[\\p{L}&&[^" + UNSPACED + "]]\\p{N}]";

  /** No character of a word is before. */
  static final String START = "(?<!" + IN_WORD + ")";

  /** No character of a word is behind. */
  static final String END = "(?!" + IN_WORD + ")";

  private Boundary() {}
}
