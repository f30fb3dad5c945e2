package dev.threadmill.models;

/**
 * Text in the making that can be stored and sent: what no text may hold, the character NUL and
 * halves of surrogate pairs, is replaced. A pair may come in two pieces; its first half waits for
 * the second.
 */
public final class StorableText {
  private static final char REPLACEMENT = '\uFFFD';

  private final StringBuilder whole = new StringBuilder();
  private char waiting;

  /** A text that comes as a whole. */
  public static String of(String text) {
    var storable = new StorableText();
    storable.add(text);
    storable.add(storable.rest());
    return storable.toString();
  }

  /** Adds a piece, and answers with what has really been added, which may be empty. */
  String add(String piece) {
    if (piece == null || piece.isEmpty()) {
      return "";
    }
    int from = whole.length();
    if (waiting == 0 && isPlain(piece)) {
      whole.append(piece);
      return piece;
    }
    for (int i = 0; i < piece.length(); i++) {
      add(piece.charAt(i));
    }
    return whole.substring(from);
  }

  /** What has to be added at the end: a replacement if a half still waits, or nothing. */
  String rest() {
    boolean half = waiting != 0;
    waiting = 0;
    return half ? String.valueOf(REPLACEMENT) : "";
  }

  boolean isEmpty() {
    return whole.isEmpty();
  }

  @Override
  public String toString() {
    return whole.toString();
  }

  private void add(char c) {
    if (waiting != 0) {
      char first = waiting;
      waiting = 0;
      if (Character.isLowSurrogate(c)) {
        whole.append(first).append(c);
        return;
      }
      whole.append(REPLACEMENT);
    }
    if (Character.isHighSurrogate(c)) {
      waiting = c;
    } else {
      whole.append(c == 0 || Character.isLowSurrogate(c) ? REPLACEMENT : c);
    }
  }

  private static boolean isPlain(String piece) {
    for (int i = 0; i < piece.length(); i++) {
      char c = piece.charAt(i);
      if (c == 0 || Character.isSurrogate(c)) {
        return false;
      }
    }
    return true;
  }
}
