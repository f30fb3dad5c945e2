package dev.threadmill.vectorstores.search;

import java.util.List;
import java.util.regex.Pattern;

/**
 * Rewrites a question to a person into a query, without the polite phrases, which match no passage.
 */
public final class RewriteQuery {
  private static final Pattern POLITE =
      Pattern.compile(
          "^(?:(?:hi|hello|hey|please|ok|okay|so|and|also)\\b[\\s,!.]*"
              + "|(?:can|could|would|will) you (?:please )?"
              + "|(?:i (?:want|need|would like|'d like) (?:you )?to (?:know|find|see|understand) )"
              + "|i'd like to (?:know|find|see|understand) "
              + "|(?:tell|show|give|find|explain to) me (?:something |more |everything |all )?(?:about |on )?"
              + "|do you know (?:anything about )?"
              + "|what do you know about "
              + "|(?:search|look) (?:for|up) "
              + "|(?:any |some )?information (?:about|on) )",
          Pattern.CASE_INSENSITIVE);
  private static final List<String> AT_END = List.of("please", "thanks", "thank you");
  private static final String SPACES = " \t\n\u000B\f\r";
  private static final int MAX_STEPS = 6;

  private RewriteQuery() {}

  /** The query; the text itself if nothing would be left. */
  public static String rewrite(String text) {
    var query = withoutEnd(text.strip());
    for (int step = 0; step < MAX_STEPS; step++) {
      var shorter = POLITE.matcher(query).replaceFirst("").strip();
      if (shorter.equals(query)) {
        break;
      }
      query = shorter;
    }
    return query.isEmpty() ? text.strip() : query;
  }

  /**
   * The text without a polite word and without punctuation at its end. It is read backwards, in
   * linear time: a regular expression tries again from each space of a long run.
   */
  private static String withoutEnd(String text) {
    int end = endWithout(text, text.length(), SPACES + ".!?");
    for (var word : AT_END) {
      int start = end - word.length();
      if (text.regionMatches(true, start, word, 0, word.length())
          && (start == 0 || !Character.isLetterOrDigit(text.charAt(start - 1)))) {
        end = start;
        break;
      }
    }
    return text.substring(0, endWithout(text, end, SPACES + ","));
  }

  private static int endWithout(String text, int end, String removed) {
    int shorter = end;
    while (shorter > 0 && removed.indexOf(text.charAt(shorter - 1)) >= 0) {
      shorter--;
    }
    return shorter;
  }
}
