package dev.threadmill.privacy.detect;

import java.util.List;
import java.util.regex.Pattern;

/**
 * The end of a text that goes on: from where it may become personal data. In plain prose that is
 * the last word; behind a number, a street or an introduction it is what may belong to it.
 */
public final class Undecided {
  /** The most characters without a space that are held back. */
  private static final int MAX_RUN = 8_192;

  /** Of texts that have no spaces. */
  private static final int EASTERN = 48;

  private static final int SHORT = 3;

  private static final Pattern STREET =
      Pattern.compile(
          "(?iu)(?:street|avenue|av|boulevard|bd|place|chemin|impasse|allée|quai|route|cours|passage|square|faubourg|calle|avenida|avda|plaza|paseo|carrera|rua|praça|travessa|largo|alameda|estrada|via|viale|piazza|corso|vicolo|ulica|ulicy|aleja|улиц[аеы]|ул|проспекте?|переул(?:ок|ке)|-----begin|.*(?:straße|strasse|str|weg|platz|allee|gasse|damm|ufer|ring|straat|laan|plein|gracht|kade|singel|dijk|gatan|vägen|gränd|torget|stigen|sokak|sokağı|caddesi|mahallesi))[.,]?");

  private static final Pattern MONTH =
      Pattern.compile(
          "(?iu)(?:january|february|march|april|june|july|august|september|october|november|december|januar|februar|märz|juni|juli|oktober|dezember|janvier|février|mars|avril|juin|juillet|août|septembre|octobre|novembre|décembre|enero|febrero|marzo|abril|mayo|junio|julio|agosto|septiembre|octubre|noviembre|diciembre|gennaio|febbraio|aprile|maggio|giugno|luglio|settembre|ottobre|dicembre|januari|februari|maart|augustus|december|maj|augusti|oktober|stycznia|lutego|marca|kwietnia|maja|czerwca|lipca|sierpnia|września|października|listopada|grudnia|janeiro|fevereiro|março|maio|junho|julho|setembro|outubro|novembro|dezembro|января|февраля|марта|апреля|мая|июня|июля|августа|сентября|октября|ноября|декабря|ocak|şubat|mart|nisan|mayıs|haziran|temmuz|ağustos|eylül|ekim|kasım|aralık)[.,]?");

  /** What is called an address may have any words. */
  private static final Pattern CALLED =
      Pattern.compile(
          "(?iu)(?:address|anschrift|adresse|domicilio|direcci[óo]n|indirizzo|adres|endereço|adress|адрес|住所|住址|地址|पता|주소)\\s?[:：]\\s?[^\\n]{0,96}\\z");

  private Undecided() {}

  /**
   * Where the end of the text begins that has to be held back.
   *
   * @param findings in the text as it is now
   */
  public static int from(String text, List<Finding> findings) {
    int from = lastWord(text);
    from = Math.min(from, chain(text, from));
    var tail = text.substring(Math.max(0, text.length() - 2 * PersonalData.LONGEST));
    var called = CALLED.matcher(tail);
    if (called.find()) {
      from = Math.min(from, text.length() - tail.length() + called.start());
    }
    for (int i = findings.size() - 1; i >= 0; i--) {
      var finding = findings.get(i);
      if (finding.end() > from || isBlank(text, finding.end(), from)) {
        from = Math.min(from, finding.start());
      }
    }
    return from;
  }

  private static int lastWord(String text) {
    int from = text.length();
    int least = Math.max(0, text.length() - MAX_RUN);
    while (from > least && !Character.isWhitespace(text.charAt(from - 1))) {
      from--;
    }
    if (text.length() - from > EASTERN && isEastern(text.charAt(text.length() - 1))) {
      from = text.length() - EASTERN;
    }
    return from;
  }

  private static boolean isEastern(char c) {
    return Character.isIdeographic(c)
        || Character.UnicodeScript.of(c) == Character.UnicodeScript.HIRAGANA
        || Character.UnicodeScript.of(c) == Character.UnicodeScript.KATAKANA;
  }

  /** The start of the words before the last one that may belong to one thing with it. */
  private static int chain(String text, int lastWord) {
    int least = Math.max(0, text.length() - PersonalData.LONGEST);
    int start = lastWord;
    boolean isTriggered =
        isTrigger(text.substring(lastWord, Math.min(text.length(), lastWord + 64)));
    int end = lastWord;
    while (end > least) {
      int wordEnd = end;
      while (wordEnd > 0 && Character.isWhitespace(text.charAt(wordEnd - 1))) {
        if (text.charAt(wordEnd - 1) == '\n' && wordEnd > 1 && text.charAt(wordEnd - 2) == '\n') {
          return isTriggered ? start : lastWord;
        }
        wordEnd--;
      }
      int word = wordEnd;
      while (word > 0 && !Character.isWhitespace(text.charAt(word - 1)) && wordEnd - word < 64) {
        word--;
      }
      var written = text.substring(word, wordEnd);
      if (written.isEmpty() || !belongs(written)) {
        break;
      }
      isTriggered |= isTrigger(written);
      start = word;
      end = word;
    }
    return isTriggered ? start : lastWord;
  }

  private static boolean belongs(String word) {
    if (word.length() > 2 && (word.endsWith("!") || word.endsWith("?") || word.endsWith(";"))) {
      return false;
    }
    return word.length() <= SHORT
        || Character.isUpperCase(word.codePointAt(0))
        || word.chars().anyMatch(Character::isDigit)
        || !Character.isLetterOrDigit(word.charAt(0))
        || MONTH.matcher(word).matches()
        || STREET.matcher(word).matches();
  }

  private static boolean isTrigger(String word) {
    return word.chars().anyMatch(c -> Character.isDigit(c) || c == '+')
        || STREET.matcher(word).matches()
        || MONTH.matcher(word).matches();
  }

  private static boolean isBlank(String text, int from, int to) {
    for (int i = from; i < to; i++) {
      if (Character.isLetterOrDigit(text.charAt(i))) {
        return false;
      }
    }
    return true;
  }
}
