package dev.threadmill.files.extraction;

/** Text as it is stored: without characters that a database or a reader cannot take. */
public final class CleanText {
  private CleanText() {}

  /**
   * Line breaks become {@code \n}; control characters, lone surrogates and soft hyphens go. White
   * space at the ends of lines goes, and so do empty lines at the ends of the text.
   */
  public static String of(String text, boolean keepIndentation) {
    var clean = needsCleaning(text) ? clean(text) : text;
    if (!keepIndentation) {
      return clean.strip();
    }
    int start = 0;
    for (int at = 0; at < clean.length() && Character.isWhitespace(clean.charAt(at)); at++) {
      if (clean.charAt(at) == '\n') {
        start = at + 1;
      }
    }
    return clean.substring(start).stripTrailing();
  }

  private static boolean needsCleaning(String text) {
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      if (c < ' ' && c != '\n' && c != '\t'
          || c == '\u007f'
          || c == '\u00ad'
          || c == '\ufeff'
          || c >= '\u0080' && c < '\u00a0'
          || Character.isSurrogate(c)
          || c == '\n' && at > 0 && text.charAt(at - 1) == ' ') {
        return true;
      }
    }
    return false;
  }

  private static String clean(String text) {
    var clean = new StringBuilder(text.length());
    for (int at = 0; at < text.length(); at++) {
      char c = text.charAt(at);
      switch (c) {
        case '\r' -> {
          if (at + 1 == text.length() || text.charAt(at + 1) != '\n') {
            breakLine(clean);
          }
        }
        case '\n', '\u0085', '\u000b', '\f' -> breakLine(clean);
        case '\u00ad', '\ufeff', '\u007f' -> {}
        default -> {
          if (Character.isHighSurrogate(c)
              && at + 1 < text.length()
              && Character.isLowSurrogate(text.charAt(at + 1))) {
            clean.append(c).append(text.charAt(++at));
          } else if (Character.isSurrogate(c)) {
            clean.append('\ufffd');
          } else if (c >= ' ' && (c < '\u0080' || c >= '\u00a0') || c == '\t') {
            clean.append(c);
          }
        }
      }
    }
    return clean.toString();
  }

  private static void breakLine(StringBuilder clean) {
    int length = clean.length();
    while (length > 0 && clean.charAt(length - 1) == ' ') {
      length--;
    }
    clean.setLength(length);
    clean.append('\n');
  }
}
