package dev.threadmill.privacy.detect;

import java.util.function.Consumer;
import java.util.regex.Pattern;

/** E-mail addresses, also with the sign written as {@code (at)}, {@code [at]} or {@code %40}. */
final class EmailDetector implements Detector {
  private static final int MAX_LOCAL = 64;
  private static final int MAX_DOMAIN = 253;

  private static final Pattern SIGN =
      Pattern.compile("@|\uFF20|%40|\\\\u0040|&#64;|&commat;|\\s?[\\[(](?:at|AT)[\\])]\\s?");

  /** The last label is a name, or a name in the form of IDNA. */
  private static final Pattern DOMAIN =
      Pattern.compile(
          "(?:[\\p{L}\\p{N}](?:[\\p{L}\\p{N}-]{0,62})(?:\\.|\\s?[\\[(](?:dot|DOT|punkt)[\\])]\\s?)){1,8}?(?:xn--[a-zA-Z0-9-]{2,59}|\\p{L}{2,24})(?![\\p{L}\\p{N}]|-[\\p{L}\\p{N}]|\\.[\\p{L}\\p{N}])");

  @Override
  public void find(String text, Consumer<Finding> findings) {
    var sign = SIGN.matcher(text);
    int from = 0;
    while (sign.find()) {
      int start = localStart(text, sign.start(), from);
      if (start == sign.start()) {
        continue;
      }
      var domain = DOMAIN.matcher(text);
      domain.region(sign.end(), Math.min(text.length(), sign.end() + MAX_DOMAIN));
      domain.useTransparentBounds(true);
      if (domain.lookingAt()) {
        findings.accept(new Finding(EntityKind.EMAIL, start, domain.end()));
        from = domain.end();
      }
    }
  }

  private static int localStart(String text, int sign, int from) {
    int least = Math.max(from, sign - MAX_LOCAL);
    int start = sign;
    while (start > least && isLocal(text.charAt(start - 1))) {
      start--;
    }
    while (start < sign && !Character.isLetterOrDigit(text.charAt(start))) {
      start++;
    }
    return start;
  }

  private static boolean isLocal(char c) {
    return Character.isLetterOrDigit(c)
        || Character.getType(c) == Character.NON_SPACING_MARK
        || Character.getType(c) == Character.COMBINING_SPACING_MARK
        || "._%+-'!~".indexOf(c) >= 0;
  }
}
