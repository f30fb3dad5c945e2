package dev.threadmill.search;

import java.lang.Character.UnicodeScript;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * The terms by which a text is found: stems of its words without case and diacritics, and pairs of
 * neighbouring characters where the script puts no spaces between words.
 */
public final class TermAnalyzer {
  private static final int LONGEST_TERM = 40;
  private static final Set<String> STOP_WORDS =
      Set.of(
          """
          a an the and or but if then so of to in on at by for with from as is are was were be been
          being am do does did done doing have has had having i me my mine myself you your yours we
          us our ours he him his she her hers it its they them their theirs this that these those
          there here what which who whom whose when where why how not no nor can could will would
          shall should may might must just about into over out up down than too very all any some
          such only own same other more most s t re ve ll d m didn doesn don isn wasn weren aren
          hasn haven hadn won wouldn couldn shouldn get got also
          """
              .strip()
              .split("\\s+"));

  private TermAnalyzer() {}

  /** The terms of a text in their order, repeated as often as they occur. */
  public static List<String> terms(String text) {
    var terms = new ArrayList<String>();
    var plain = plain(text);
    int from = -1;
    int previous = -1;
    for (int at = 0; at < plain.length(); ) {
      int c = plain.codePointAt(at);
      boolean unspaced = isUnspaced(c);
      if (from >= 0 && (unspaced || !isWordCharacter(c))) {
        addWord(terms, plain.substring(from, at));
        from = -1;
      }
      if (unspaced) {
        if (previous >= 0) {
          terms.add(Character.toString(previous) + Character.toString(c));
        }
        if (UnicodeScript.of(c) == UnicodeScript.HAN) {
          terms.add(Character.toString(c));
        }
        previous = c;
      } else {
        previous = -1;
        if (from < 0 && isWordCharacter(c)) {
          from = at;
        }
      }
      at += Character.charCount(c);
    }
    if (from >= 0) {
      addWord(terms, plain.substring(from));
    }
    return terms;
  }

  private static void addWord(List<String> terms, String word) {
    if (!STOP_WORDS.contains(word) && word.length() <= LONGEST_TERM) {
      terms.add(Stemmer.stem(word));
    }
  }

  /** In lower case, without accents, full-width forms and ligatures. */
  static String plain(String text) {
    var decomposed = Normalizer.normalize(text.toLowerCase(Locale.ROOT), Normalizer.Form.NFKD);
    var plain = new StringBuilder(decomposed.length());
    decomposed.codePoints().filter(c -> !isDiacritic(c)).forEach(plain::appendCodePoint);
    return Normalizer.normalize(plain, Normalizer.Form.NFC);
  }

  private static boolean isWordCharacter(int c) {
    return switch (Character.getType(c)) {
      case Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK -> true;
      default -> Character.isLetterOrDigit(c);
    };
  }

  /** Accents, and the points of Hebrew and Arabic; vowel signs of other scripts are not. */
  private static boolean isDiacritic(int c) {
    return Character.getType(c) == Character.NON_SPACING_MARK
        && (c < 0x0700 || c >= 0x1AB0 && c < 0x2000);
  }

  private static boolean isUnspaced(int c) {
    if (c < 0x0E00) {
      return false;
    }
    return switch (UnicodeScript.of(c)) {
      case HAN, HIRAGANA, KATAKANA, THAI, LAO, KHMER, MYANMAR, TIBETAN -> isWordCharacter(c);
      default -> false;
    };
  }
}
