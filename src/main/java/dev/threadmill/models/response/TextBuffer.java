package dev.threadmill.models.response;

import dev.threadmill.api.StorableText;

/** Text that grows piece by piece and can be stored at any time. */
final class TextBuffer {
  private final StringBuilder whole = new StringBuilder();
  private final StorableText.Stream stream = new StorableText.Stream();

  /** Adds a piece, and answers with what has really been added, which may be empty. */
  String add(String piece) {
    var added = stream.next(piece);
    whole.append(added);
    return added;
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
