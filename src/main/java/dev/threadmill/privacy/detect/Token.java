package dev.threadmill.privacy.detect;

import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What stands for personal data in a text, such as {@code [EMAIL_K7Q2MXA4PD3W]}: the kind, and
 * twelve letters and digits that are the same for the same value of a project.
 */
public final class Token {
  /** The characters behind the kind. */
  public static final int NAME_LENGTH = 12;

  /** The most characters of a token. */
  public static final int MAX_LENGTH = 32;

  /** A token; the groups are the word of its kind and its name. */
  public static final Pattern FORM = Pattern.compile("\\[([A-Z]{2,9})_([A-Z2-7]{12})\\]");

  private Token() {}

  /** The token of a kind with this name. */
  public static String of(EntityKind kind, String name) {
    return "[" + kind.token() + "_" + name + "]";
  }

  /** Whether the text may have a token; false if it has none. */
  public static boolean mayBeIn(CharSequence text) {
    return FORM.matcher(text).find();
  }

  /** Where the text has tokens, by their start. */
  static TreeMap<Integer, Finding> spans(String text) {
    var spans = new TreeMap<Integer, Finding>();
    var token = FORM.matcher(text);
    while (token.find()) {
      EntityKind.ofToken(token.group(1))
          .ifPresent(
              kind -> spans.put(token.start(), new Finding(kind, token.start(), token.end())));
    }
    return spans;
  }
}
