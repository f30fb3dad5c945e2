package dev.threadmill.vectorstores.search;

import java.util.regex.Pattern;

/** Rewrites a question to a person into a query: what is said to be polite finds nothing. */
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
  private static final Pattern AT_END =
      Pattern.compile("[\\s,]*(?:please|thanks|thank you)?[\\s.!?]*$", Pattern.CASE_INSENSITIVE);
  private static final int MAX_STEPS = 6;

  private RewriteQuery() {}

  /** The query; the text itself if nothing would be left. */
  public static String rewrite(String text) {
    var query = AT_END.matcher(text.strip()).replaceFirst("");
    for (int step = 0; step < MAX_STEPS; step++) {
      var shorter = POLITE.matcher(query).replaceFirst("").strip();
      if (shorter.equals(query)) {
        break;
      }
      query = shorter;
    }
    return query.isEmpty() ? text.strip() : query;
  }
}
