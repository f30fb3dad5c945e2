package dev.threadmill.search;

import java.util.Map;

/**
 * Cuts English words down to their stems, after Porter (1980), and maps common irregular forms to
 * one of them. Words of other languages are cut too, in the same way when stored and when sought,
 * so they meet all the same.
 */
final class Stemmer {
  private static final Map<String, String> IRREGULAR = IrregularForms.read();
  private static final String[][] STEP_2 = {
    {"ational", "ate"}, {"tional", "tion"}, {"enci", "ence"}, {"anci", "ance"}, {"izer", "ize"},
    {"abli", "able"}, {"alli", "al"}, {"entli", "ent"}, {"eli", "e"}, {"ousli", "ous"},
    {"ization", "ize"}, {"ation", "ate"}, {"ator", "ate"}, {"alism", "al"}, {"iveness", "ive"},
    {"fulness", "ful"}, {"ousness", "ous"}, {"aliti", "al"}, {"iviti", "ive"}, {"biliti", "ble"},
  };
  private static final String[][] STEP_3 = {
    {"icate", "ic"},
    {"ative", ""},
    {"alize", "al"},
    {"iciti", "ic"},
    {"ical", "ic"},
    {"ful", ""},
    {"ness", ""},
  };
  private static final String[] STEP_4 = {
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous",
    "ive", "ize", "ion", "al", "er", "ic", "ou",
  };

  private Stemmer() {}

  /**
   * The stem of a word.
   *
   * @param word in lower case, without diacritics
   */
  static String stem(String word) {
    var regular = IRREGULAR.getOrDefault(word, word);
    if (regular.length() < 3 || !isAscii(regular)) {
      return regular;
    }
    var stem = plural(regular);
    stem = pastAndGerund(stem);
    if (stem.endsWith("y") && hasVowel(stem, stem.length() - 1)) {
      stem = stem.substring(0, stem.length() - 1) + "i";
    }
    stem = replaced(stem, STEP_2);
    stem = replaced(stem, STEP_3);
    stem = cut(stem);
    return tidied(stem);
  }

  private static String plural(String word) {
    if (word.endsWith("sses") || word.endsWith("ies")) {
      return word.substring(0, word.length() - 2);
    }
    return word.endsWith("s") && !word.endsWith("ss") ? word.substring(0, word.length() - 1) : word;
  }

  private static String pastAndGerund(String word) {
    if (word.endsWith("eed")) {
      return measure(word, word.length() - 3) > 0 ? word.substring(0, word.length() - 1) : word;
    }
    int cut =
        word.endsWith("ed") ? word.length() - 2 : word.endsWith("ing") ? word.length() - 3 : -1;
    if (cut < 0 || !hasVowel(word, cut)) {
      return word;
    }
    var stem = word.substring(0, cut);
    if (stem.endsWith("at") || stem.endsWith("bl") || stem.endsWith("iz")) {
      return stem + "e";
    }
    if (endsInDoubleConsonant(stem) && "lsz".indexOf(stem.charAt(stem.length() - 1)) < 0) {
      return stem.substring(0, stem.length() - 1);
    }
    return measure(stem, stem.length()) == 1 && endsShort(stem, stem.length()) ? stem + "e" : stem;
  }

  private static String replaced(String word, String[][] endings) {
    for (var ending : endings) {
      if (word.endsWith(ending[0])) {
        int rest = word.length() - ending[0].length();
        return measure(word, rest) > 0 ? word.substring(0, rest) + ending[1] : word;
      }
    }
    return word;
  }

  private static String cut(String word) {
    for (var ending : STEP_4) {
      if (word.endsWith(ending)) {
        int rest = word.length() - ending.length();
        boolean may =
            !ending.equals("ion") || (rest > 0 && "st".indexOf(word.charAt(rest - 1)) >= 0);
        return may && measure(word, rest) > 1 ? word.substring(0, rest) : word;
      }
    }
    return word;
  }

  private static String tidied(String word) {
    int last = word.length() - 1;
    if (last > 0 && word.charAt(last) == 'e') {
      int measure = measure(word, last);
      if (measure > 1 || (measure == 1 && !endsShort(word, last))) {
        return word.substring(0, last);
      }
    }
    return word.endsWith("ll") && measure(word, word.length()) > 1 ? word.substring(0, last) : word;
  }

  /** How many times a vowel is followed by a consonant, within the first characters. */
  private static int measure(String word, int length) {
    int measure = 0;
    for (int i = 1; i < length; i++) {
      if (isConsonant(word, i) && !isConsonant(word, i - 1)) {
        measure++;
      }
    }
    return measure;
  }

  private static boolean hasVowel(String word, int length) {
    for (int i = 0; i < length; i++) {
      if (!isConsonant(word, i)) {
        return true;
      }
    }
    return false;
  }

  private static boolean isConsonant(String word, int at) {
    return switch (word.charAt(at)) {
      case 'a', 'e', 'i', 'o', 'u' -> false;
      case 'y' -> at == 0 || !isConsonant(word, at - 1);
      default -> true;
    };
  }

  private static boolean endsInDoubleConsonant(String word) {
    int last = word.length() - 1;
    return last > 0 && word.charAt(last) == word.charAt(last - 1) && isConsonant(word, last);
  }

  /** Whether it ends in consonant, vowel, consonant, the last not being w, x or y. */
  private static boolean endsShort(String word, int length) {
    return length > 2
        && isConsonant(word, length - 3)
        && !isConsonant(word, length - 2)
        && isConsonant(word, length - 1)
        && "wxy".indexOf(word.charAt(length - 1)) < 0;
  }

  private static boolean isAscii(String word) {
    return word.chars().allMatch(c -> c < 128);
  }
}
