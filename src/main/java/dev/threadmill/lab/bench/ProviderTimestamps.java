package dev.threadmill.lab.bench;

import java.util.regex.Pattern;

/**
 * Measurements of the provider, sent in the text of its answer, which every server passes on
 * unchanged: the first token contains {@code first_ns=}, the last one {@code last_ns=} and {@code
 * body=}.
 *
 * @param firstNanos from the arrival of the request to its first token
 * @param lastNanos from the arrival of the request to its last token
 * @param bodyBytes the size of the request
 */
record ProviderTimestamps(long firstNanos, long lastNanos, long bodyBytes) {
  static final String FIRST = "first_ns=";
  static final String LAST = "last_ns=";
  static final String BODY = "body=";

  /**
   * {@link System#nanoTime} when the token was written; all processes of a machine share its
   * origin.
   */
  static final String WRITTEN = "at_ns=";

  private static final Pattern NUMBER = Pattern.compile("(first_ns|last_ns|body|at_ns)=(\\d+)");

  static String firstToken(long nanos) {
    return FIRST + nanos + " ";
  }

  static String lastToken(long nanos, long bodyBytes) {
    return LAST + nanos + " " + BODY + bodyBytes;
  }

  static String tokenOfNow() {
    return WRITTEN + System.nanoTime() + " ";
  }

  /** The value after a name in a line that contains it. */
  static long read(String name, String line) {
    var number = NUMBER.matcher(line);
    int at = line.indexOf(name);
    if (at < 0 || !number.find(at)) {
      throw new IllegalStateException("no " + name + " in " + line);
    }
    return Long.parseLong(number.group(2));
  }
}
