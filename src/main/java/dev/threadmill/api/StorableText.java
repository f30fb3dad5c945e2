package dev.threadmill.api;

/**
 * The one notion of text that can be stored and sent: it holds neither the character U+0000, which
 * Postgres cannot store, nor half of a surrogate pair, which is no character. In the body of a
 * request both are a 400; wherever else text comes from, they are replaced by U+FFFD.
 */
public final class StorableText {
  private static final char REPLACEMENT = '\uFFFD';

  private StorableText() {}

  /** Whether a text can be stored as it is. */
  public static boolean isStorable(CharSequence text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == 0) {
        return false;
      }
      if (Character.isSurrogate(c)) {
        boolean isPair =
            Character.isHighSurrogate(c)
                && i + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(i + 1));
        if (!isPair) {
          return false;
        }
        i++;
      }
    }
    return true;
  }

  /** Refuses a parameter of a request that cannot be stored, nor compared to what is stored. */
  public static String require(String field, String value) {
    if (value != null && !isStorable(value)) {
      throw ApiException.invalid(
          field, "Invalid '%s': it contains a character that is not allowed.".formatted(field));
    }
    return value;
  }

  /** The text as it can be stored; the same object if it can be already. */
  public static String of(String text) {
    if (isStorable(text)) {
      return text;
    }
    var stream = new Stream();
    return stream.next(text) + stream.end();
  }

  /** Text that comes in pieces. The first half of a surrogate pair waits for the second. */
  public static final class Stream {
    private char heldBack;

    /** What can be stored of the text so far and was not returned before; possibly empty. */
    public String next(String piece) {
      if (piece == null || piece.isEmpty()) {
        return "";
      }
      if (heldBack == 0 && isStorable(piece)) {
        return piece;
      }
      var storable = new StringBuilder(piece.length() + 1);
      for (int i = 0; i < piece.length(); i++) {
        add(storable, piece.charAt(i));
      }
      return storable.toString();
    }

    /** The text ends here: a replacement if a half still waits, else the empty string. */
    public String end() {
      boolean isHalf = heldBack != 0;
      heldBack = 0;
      return isHalf ? String.valueOf(REPLACEMENT) : "";
    }

    private void add(StringBuilder storable, char c) {
      if (heldBack != 0) {
        char first = heldBack;
        heldBack = 0;
        if (Character.isLowSurrogate(c)) {
          storable.append(first).append(c);
          return;
        }
        storable.append(REPLACEMENT);
      }
      if (Character.isHighSurrogate(c)) {
        heldBack = c;
      } else {
        storable.append(c == 0 || Character.isLowSurrogate(c) ? REPLACEMENT : c);
      }
    }
  }
}
