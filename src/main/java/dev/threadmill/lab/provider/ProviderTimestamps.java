package dev.threadmill.lab.provider;

import java.util.regex.Pattern;

/**
 * Measurements of the provider, sent in the text of its answer, which every server passes on
 * unchanged: the first token contains {@link #FIRST}, the last one {@link #LAST} and {@link #BODY}.
 */
public final class ProviderTimestamps {
  /** Nanoseconds from the arrival of the request to its first token. */
  public static final String FIRST = "first_ns=";

  /** Nanoseconds from the arrival of the request to its last token. */
  public static final String LAST = "last_ns=";

  /** The bytes of the request. */
  public static final String BODY = "body=";

  /**
   * {@link System#nanoTime} when the token was written; all processes of a machine share its
   * origin.
   */
  public static final String WRITTEN = "at_ns=";

  private static final Pattern NUMBER = Pattern.compile("(first_ns|last_ns|body|at_ns)=(\\d+)");

  private ProviderTimestamps() {}

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
  public static long read(String name, String line) {
    var number = NUMBER.matcher(line);
    int at = line.indexOf(name);
    if (at < 0 || !number.find(at)) {
      throw new IllegalStateException("no " + name + " in " + line);
    }
    return Long.parseLong(number.group(2));
  }
}
