package dev.threadmill.guard;

import java.net.IDN;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Replaces links to hosts that are not allowed. A link is what a browser or a renderer of Markdown
 * follows: an address with a scheme and a host, also with the slashes or the colon written as an
 * escape of JSON, HTML or URLs; an address that begins with two slashes, or with {@code www.}; and
 * a script as an address. A link whose host cannot be read is not allowed.
 *
 * <p>Of a stream no more is held back than the last word, or a link up to its end.
 */
final class LinkStream implements ContentStream {
  static final String REPLACEMENT = "[link removed]";

  private static final String COLON = "(?::|\\\\u003[aA]|&colon;|&#0*58;|&#[xX]0*3[aA];|%3[aA])";
  private static final String SLASH =
      "(?:[/\\\\]|\\\\u00(?:2[fF]|5[cC])|&sol;|&bsol;|&#0*(?:47|92);|&#[xX]0*(?:2[fF]|5[cC]);)";

  /** A script or a page as an address, which leads to no host. */
  private static final String SCRIPT =
      "(?<![a-zA-Z])(?:(?:javascript|vbscript)%1$s(?=\\S)|data%1$s(?=[a-zA-Z]+/))";

  /** Where a link begins, up to its host. */
  private static final Pattern START =
      Pattern.compile(
          ("[a-zA-Z][a-zA-Z0-9+.-]{1,30}%1$s%2$s+|https?%1$s(?=[a-zA-Z0-9])"
                  + "|(?<![a-zA-Z0-9:/\\\\])%2$s{2,}(?=[a-zA-Z0-9][^\\s/\\\\<>\"'()]*\\.[a-zA-Z0-9]|\\[)"
                  + "|(?<![a-zA-Z0-9.-])(?=www\\.[a-zA-Z0-9])|(?<script>"
                  + SCRIPT
                  + ")")
              .formatted(COLON, SLASH),
          Pattern.CASE_INSENSITIVE);

  /** What can be the first part of a link, up to the length of the name of a host. */
  private static final Pattern UNDECIDED = Pattern.compile("[a-zA-Z0-9+.:/\\\\&#;%_-]{1,300}\\z");

  /** A user, a host, a port, and a path or the punctuation of a sentence. */
  private static final Pattern ADDRESS =
      Pattern.compile(
          "(?:[^/\\\\?#@]*+@)*+(\\[[0-9a-fA-F:.]++\\]|[^/\\\\?#:@\\[\\]()!,;*]++)(?::\\d{0,5}+)?+(?:[/\\\\?#].*|[.,;:!?*_)\\]]*)",
          Pattern.DOTALL);

  private static final Pattern ESCAPE = Pattern.compile("\\\\u([0-9a-fA-F]{4})");

  /** A link that is longer is not allowed, whatever its host. */
  private static final int MAX_LINK = 8_192;

  private final SafetyPolicy policy;
  private final StringBuilder held = new StringBuilder();
  private boolean isSkipping;

  LinkStream(SafetyPolicy policy) {
    this.policy = policy;
  }

  @Override
  public String next(String piece) {
    held.append(piece);
    return pass(false);
  }

  @Override
  public String end() {
    return pass(true);
  }

  private String pass(boolean isLast) {
    var passed = new StringBuilder();
    if (isSkipping && !skip()) {
      return "";
    }
    while (true) {
      Matcher start = START.matcher(held);
      // A match at the very end may go on.
      if (!start.find() || start.end() == held.length() && !isLast) {
        int from = isLast ? held.length() : undecided(start);
        passed.append(held, 0, from);
        held.delete(0, from);
        return passed.toString();
      }
      passed.append(held, 0, start.start());
      int end = end(start.end());
      if (end < 0 && !isLast && held.length() - start.start() <= MAX_LINK) {
        held.delete(0, start.start());
        return passed.toString();
      }
      boolean isTooLong = end < 0 && held.length() - start.start() > MAX_LINK;
      int to = end < 0 ? held.length() : end;
      passed.append(isTooLong ? replaced() : judged(start, to));
      held.delete(0, to);
      if (isTooLong && !isLast) {
        isSkipping = true;
        return passed.toString();
      }
    }
  }

  /** Skips the rest of a link that is too long. Returns whether its end is there. */
  private boolean skip() {
    int end = end(0);
    held.delete(0, end < 0 ? held.length() : end);
    isSkipping = end < 0;
    return !isSkipping;
  }

  /** The place from which the text may be the start of a link. */
  private int undecided(Matcher start) {
    start.reset();
    int from = start.find() ? start.start() : held.length();
    var word = UNDECIDED.matcher(held);
    return word.find() ? Math.min(from, word.start()) : from;
  }

  /** The end of a link: a character that no link has, or a bracket that it did not open. */
  private int end(int from) {
    int open = 0;
    for (int i = from; i < held.length(); i++) {
      switch (held.charAt(i)) {
        case '(', '[' -> open++;
        case ')', ']' -> {
          if (open-- == 0) {
            return i;
          }
        }
        case '<', '>', '"', '\'', '`', '|', '^', '{', '}' -> {
          return i;
        }
        case '\\' -> {
          if (i + 1 < held.length() && "nrt".indexOf(held.charAt(i + 1)) >= 0) {
            return i;
          }
        }
        default -> {
          if (Character.isWhitespace(held.charAt(i)) || Character.isSpaceChar(held.charAt(i))) {
            return i;
          }
        }
      }
    }
    return -1;
  }

  private String judged(Matcher start, int to) {
    var address = held.substring(start.end(), to);
    boolean isAllowed = start.group("script") == null && isAllowed(address);
    return isAllowed ? held.substring(start.start(), to) : replaced() + trailing(address);
  }

  private String replaced() {
    policy.withheld().run();
    return REPLACEMENT;
  }

  /** The punctuation behind a link, which belongs to the sentence. */
  private static String trailing(String link) {
    int end = link.length();
    while (end > 0 && ".,;:!?*_".indexOf(link.charAt(end - 1)) >= 0) {
      end--;
    }
    return link.substring(end);
  }

  private boolean isAllowed(String written) {
    var unescaped =
        ESCAPE
            .matcher(written)
            .replaceAll(
                code ->
                    Matcher.quoteReplacement(
                        String.valueOf((char) Integer.parseInt(code.group(1), 16))));
    var address = ADDRESS.matcher(unescaped);
    if (!address.matches()) {
      return false;
    }
    try {
      var host = address.group(1);
      var name = host.startsWith("[") ? host : IDN.toASCII(host, IDN.USE_STD3_ASCII_RULES);
      var plain = name.toLowerCase(Locale.ROOT).replaceAll("\\.+$", "");
      return !plain.isEmpty() && policy.links().allows(plain);
    } catch (IllegalArgumentException e) {
      // It has characters that no host has.
      return false;
    }
  }
}
