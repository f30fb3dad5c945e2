package dev.threadmill.files.extraction.worker;

import java.text.Bidi;
import java.text.Normalizer;

/** Text of PDF files is drawn from left to right; Arabic and Hebrew are read the other way. */
final class VisualOrder {
  private VisualOrder() {}

  /** The characters of a word in the order in which they are read. Ligatures become letters. */
  static String logical(String word) {
    var text = hasPresentationForms(word) ? Normalizer.normalize(word, Normalizer.Form.NFKC) : word;
    return isRightToLeft(text) ? new StringBuilder(text).reverse().toString() : text;
  }

  /** Whether a text is read from right to left. */
  static boolean isRightToLeft(String text) {
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c >= '\u0590' && c <= '\u08ff') {
        return new Bidi(text, Bidi.DIRECTION_DEFAULT_LEFT_TO_RIGHT).isRightToLeft()
            || new Bidi(text, Bidi.DIRECTION_LEFT_TO_RIGHT).isMixed();
      }
    }
    return false;
  }

  private static boolean hasPresentationForms(String word) {
    return word.chars().anyMatch(c -> c >= 0xfb00 && c <= 0xfdff || c >= 0xfe70 && c <= 0xfefe);
  }
}
