package dev.threadmill.models.response;

import dev.threadmill.api.StorableText;

/** Text that grows piece by piece and can be stored at any time. */
final class TextBuffer {
  private final StringBuilder whole = new StringBuilder();
  private final StorableText.Stream stream = new StorableText.Stream();

  /** The bounds of the text without space around it; the first is negative while it is blank. */
  private int first = -1;

  private int last = -1;

  /** Adds a piece, and answers with what has really been added, which may be empty. */
  String add(String piece) {
    var added = stream.next(piece);
    int offset = whole.length();
    whole.append(added);
    var stripped = added.strip();
    if (!stripped.isEmpty()) {
      int begin = added.length() - added.stripLeading().length();
      first = first < 0 ? offset + begin : first;
      last = offset + begin + stripped.length();
    }
    return added;
  }

  /** Whether this is the whole text, space around both aside. Takes as long as the other is. */
  boolean isSame(String other) {
    var stripped = other.strip();
    if (first < 0 || stripped.length() != last - first) {
      return first < 0 && stripped.isEmpty();
    }
    for (int i = 0; i < stripped.length(); i++) {
      if (stripped.charAt(i) != whole.charAt(first + i)) {
        return false;
      }
    }
    return true;
  }

  /** What has to be added at the end: a replacement if half a character is missing, or nothing. */
  String end() {
    return stream.end();
  }

  boolean isEmpty() {
    return whole.isEmpty();
  }

  @Override
  public String toString() {
    return whole.toString();
  }
}
