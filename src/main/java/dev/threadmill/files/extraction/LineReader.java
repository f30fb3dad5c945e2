package dev.threadmill.files.extraction;

import java.io.IOException;
import java.io.Reader;

/** Reads lines of a bounded length. A longer line is returned in parts. */
final class LineReader {
  private static final int LONGEST = 1_000_000;

  private final Reader reader;
  private final char[] buffer = new char[16_384];
  private int at;
  private int length;
  private boolean skipNewline;

  LineReader(Reader reader) {
    this.reader = reader;
  }

  /** The next line without its end; null at the end of the text. A form feed stays in the line. */
  String next() throws IOException {
    StringBuilder start = null;
    while (true) {
      if (at == length) {
        at = 0;
        length = reader.read(buffer);
        if (length < 0) {
          length = 0;
          return start == null ? null : start.toString();
        }
      }
      if (skipNewline) {
        skipNewline = false;
        if (buffer[at] == '\n') {
          at++;
          continue;
        }
      }
      int from = at;
      while (at < length && buffer[at] != '\n' && buffer[at] != '\r') {
        at++;
      }
      boolean ended = at < length;
      if (ended && start == null) {
        var line = new String(buffer, from, at - from);
        skipNewline = buffer[at++] == '\r';
        return line;
      }
      start = start == null ? new StringBuilder() : start;
      start.append(buffer, from, at - from);
      if (ended) {
        skipNewline = buffer[at++] == '\r';
        return start.toString();
      }
      if (start.length() >= LONGEST
          && !Character.isHighSurrogate(start.charAt(start.length() - 1))) {
        return start.toString();
      }
    }
  }
}
