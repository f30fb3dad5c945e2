package dev.threadmill.imports;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/**
 * Splits a file into its JSON objects, of which one at a time is in memory: by lines, or by the
 * braces of objects that stand one after the other or in a list.
 */
final class ObjectSplitter {
  /** The most bytes of one object. */
  static final int MAX_BYTES = 32 << 20;

  private final InputStream in;
  private final byte[] buffer = new byte[64 * 1024];
  private int at;
  private int end;
  private final boolean lines;
  private long offset;

  /**
   * @param content from {@code offset} on
   * @param lines whether each object is a line
   */
  ObjectSplitter(InputStream content, long offset, boolean lines) {
    this.in = content;
    this.offset = offset;
    this.lines = lines;
  }

  /**
   * A piece of the file.
   *
   * @param offset of its first byte
   * @param bytes null if it is too long
   */
  record Piece(long offset, byte[] bytes) {}

  /** Where the next piece begins. */
  long offset() {
    return offset;
  }

  /** The next piece that is not empty; null at the end. */
  Piece next() throws IOException {
    return lines ? nextLine() : nextObject();
  }

  /** Whether there is a byte to read in the buffer. */
  private boolean fill() throws IOException {
    if (at == end) {
      at = 0;
      end = Math.max(0, in.readNBytes(buffer, 0, buffer.length));
    }
    return at < end;
  }

  private int read() throws IOException {
    if (!fill()) {
      return -1;
    }
    offset++;
    return buffer[at++] & 0xff;
  }

  private Piece nextLine() throws IOException {
    while (fill()) {
      long start = offset;
      var bytes = new ByteArrayOutputStream();
      boolean fits = true;
      boolean isOpen = true;
      while (isOpen && fill()) {
        int to = at;
        while (to < end && buffer[to] != '\n') {
          to++;
        }
        fits = fits && bytes.size() + (to - at) <= MAX_BYTES;
        if (fits) {
          bytes.write(buffer, at, to - at);
        }
        isOpen = to == end;
        int read = to - at + (isOpen ? 0 : 1);
        offset += read;
        at += read;
      }
      if (!fits) {
        return new Piece(start, null);
      }
      var line = bytes.toByteArray();
      if (!isBlank(line)) {
        return new Piece(start, line);
      }
    }
    return null;
  }

  private static boolean isBlank(byte[] line) {
    for (byte b : line) {
      if (b != ' ' && b != '\t' && b != '\r') {
        return false;
      }
    }
    return true;
  }

  private Piece nextObject() throws IOException {
    int b;
    do {
      b = read();
    } while (b >= 0 && b != '{');
    if (b < 0) {
      return null;
    }
    long start = offset - 1;
    var bytes = new ByteArrayOutputStream();
    boolean fits = true;
    boolean inText = false;
    boolean escaped = false;
    int depth = 0;
    for (; b >= 0; b = read()) {
      fits = fits && bytes.size() < MAX_BYTES;
      if (fits) {
        bytes.write(b);
      }
      if (inText) {
        inText = escaped || b != '"';
        escaped = !escaped && b == '\\';
      } else if (b == '"') {
        inText = true;
      } else if (b == '{') {
        depth++;
      } else if (b == '}' && --depth == 0) {
        break;
      }
    }
    return new Piece(start, fits ? bytes.toByteArray() : null);
  }
}
