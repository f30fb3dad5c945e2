package dev.threadmill.search;

import java.io.IOException;
import java.text.Normalizer;
import org.apache.lucene.analysis.TokenFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;

/**
 * Removes accents, and the points of Hebrew and Arabic. Vowel signs of other scripts stay: they are
 * marks in Unicode, but letters to a reader.
 */
final class UnicodeFoldingFilter extends TokenFilter {
  private final CharTermAttribute term = addAttribute(CharTermAttribute.class);

  UnicodeFoldingFilter(TokenStream input) {
    super(input);
  }

  @Override
  public boolean incrementToken() throws IOException {
    if (!input.incrementToken()) {
      return false;
    }
    for (int i = 0; i < term.length(); i++) {
      if (term.charAt(i) >= 128) {
        var folded = folded(term.toString());
        term.setEmpty().append(folded);
        break;
      }
    }
    return true;
  }

  private static String folded(String word) {
    var folded = new StringBuilder(word.length());
    Normalizer.normalize(word, Normalizer.Form.NFKD)
        .codePoints()
        .filter(c -> !isDiacritic(c))
        .forEach(folded::appendCodePoint);
    return Normalizer.normalize(folded, Normalizer.Form.NFC);
  }

  private static boolean isDiacritic(int c) {
    return Character.getType(c) == Character.NON_SPACING_MARK
        && (c < 0x0700 || c >= 0x1AB0 && c < 0x2000);
  }
}
