package dev.threadmill.search;

import java.lang.Character.UnicodeScript;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Guesses the languages of a text by counting stop words, separately for each script. Related
 * languages may tie; then all of them are returned.
 */
final class LanguageDetector {
  private static final int MAX_WORDS = 200;

  /** A single stop word of another language may be an English name. */
  private static final int MIN_STOP_WORDS = 2;

  private static final Map<String, Set<Language>> LANGUAGES_BY_STOP_WORD = stopWords();

  private LanguageDetector() {}

  /**
   * The languages of a text.
   *
   * @param languages those with the most stop words of each script; none of the Latin script if
   *     English has as many
   * @param certain those of {@code languages} of which the text has more than one stop word
   * @param isUnknown whether the text has Latin letters and no stop word of any language
   */
  record Result(
      Set<Language> languages, Map<UnicodeScript, Set<Language>> certain, boolean isUnknown) {
    /** Whether a word in lower case carries no meaning in the languages of the text. */
    boolean isStopWord(String word) {
      var script = UnicodeScript.of(word.codePointAt(0));
      var languages = certain.get(script);
      if (script == UnicodeScript.LATIN) {
        return EnglishStopSet.contains(word);
      }
      if (languages == null) {
        return false;
      }
      return languages.stream().allMatch(language -> language.isStopWord(word));
    }
  }

  /**
   * Detects the languages of the first words of a text.
   *
   * @param words in lower case
   */
  static Result detect(Collection<String> words) {
    var counts = new int[Language.values().length];
    int english = 0;
    var scripts = EnumSet.noneOf(UnicodeScript.class);
    // A word that is repeated, such as a name in front of each line, counts once.
    for (var word : words.stream().limit(MAX_WORDS).collect(Collectors.toSet())) {
      scripts.add(UnicodeScript.of(word.codePointAt(0)));
      english += EnglishStopSet.contains(word) ? 1 : 0;
      for (var language : LANGUAGES_BY_STOP_WORD.getOrDefault(word, Set.of())) {
        counts[language.ordinal()]++;
      }
    }
    var languages = EnumSet.noneOf(Language.class);
    var certain = new EnumMap<UnicodeScript, Set<Language>>(UnicodeScript.class);
    boolean isUnknown = false;
    for (var script : scripts) {
      boolean isLatin = script == UnicodeScript.LATIN;
      int most = 0;
      for (var language : Language.of(script)) {
        most = Math.max(most, counts[language.ordinal()]);
      }
      isUnknown |= isLatin && most == 0 && english == 0;
      if (isLatin && most <= english) {
        continue;
      }
      var found = EnumSet.noneOf(Language.class);
      for (var language : Language.of(script)) {
        if (counts[language.ordinal()] == most) {
          found.add(language);
        }
      }
      languages.addAll(found);
      if (!found.isEmpty() && most >= MIN_STOP_WORDS) {
        certain.put(script, found);
      }
    }
    return new Result(languages, certain, isUnknown);
  }

  private static Map<String, Set<Language>> stopWords() {
    var languages = new HashMap<String, Set<Language>>();
    for (var language : Language.values()) {
      for (var word : language.stopWords()) {
        languages.computeIfAbsent(word, key -> EnumSet.noneOf(Language.class)).add(language);
      }
    }
    return languages;
  }
}
