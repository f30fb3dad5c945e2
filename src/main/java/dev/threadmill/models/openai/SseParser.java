package dev.threadmill.models.openai;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;

/**
 * Reads server-sent events out of bytes that may be split anywhere, inside of a character too.
 * Lines end in LF, CR or both. An event without data is none.
 */
final class SseParser {
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final int longestLine;
  private final Queue<Event> events = new ArrayDeque<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
  private final ByteArrayOutputStream data = new ByteArrayOutputStream(512);
  private boolean anyData;
  private boolean afterCr;
  private boolean firstLine = true;
  private String name = "";
  private String id = "";

  /**
   * One event.
   *
   * @param name empty if it has none
   * @param id empty if no event so far had one
   * @param data UTF-8
   */
  record Event(String name, String id, byte[] data) {
    boolean is(String text) {
      return Arrays.equals(data, text.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** A line is longer than allowed. */
  static final class LineTooLong extends Exception {
    private static final long serialVersionUID = 1L;
  }

  SseParser(int longestLine) {
    this.longestLine = longestLine;
  }

  /** Takes more bytes. What is complete with them can be had from {@link #next}. */
  void feed(byte[] bytes) throws LineTooLong {
    int from = 0;
    if (afterCr && bytes.length > 0) {
      afterCr = false;
      from = bytes[0] == '\n' ? 1 : 0;
    }
    for (int at = from; at < bytes.length; at++) {
      byte b = bytes[at];
      if (b != '\n' && b != '\r') {
        continue;
      }
      take(bytes, from, at);
      endOfLine();
      if (b == '\r') {
        if (at + 1 == bytes.length) {
          afterCr = true;
        } else if (bytes[at + 1] == '\n') {
          at++;
        }
      }
      from = at + 1;
    }
    take(bytes, from, bytes.length);
  }

  /** The next event; null if none is complete. */
  Event next() {
    return events.poll();
  }

  /** Ends the stream: what has no blank line after it counts all the same. */
  void end() {
    if (line.size() > 0) {
      endOfLine();
    }
    dispatch();
  }

  private void take(byte[] bytes, int from, int to) throws LineTooLong {
    if (line.size() + (to - from) > longestLine || data.size() > longestLine) {
      throw new LineTooLong();
    }
    line.write(bytes, from, to - from);
  }

  private void endOfLine() {
    byte[] bytes = line.toByteArray();
    line.reset();
    int from = firstLine && startsWith(bytes, BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0;
    firstLine = false;
    if (bytes.length == from) {
      dispatch();
      return;
    }
    int colon = from;
    while (colon < bytes.length && bytes[colon] != ':') {
      colon++;
    }
    if (colon == from) {
      return;
    }
    int value = Math.min(bytes.length, colon + 1);
    if (value < bytes.length && bytes[value] == ' ') {
      value++;
    }
    switch (new String(bytes, from, colon - from, StandardCharsets.UTF_8)) {
      case "data" -> {
        if (anyData) {
          data.write('\n');
        }
        anyData = true;
        data.write(bytes, value, bytes.length - value);
      }
      case "event" -> name = new String(bytes, value, bytes.length - value, StandardCharsets.UTF_8);
      case "id" -> id = new String(bytes, value, bytes.length - value, StandardCharsets.UTF_8);
      default -> {}
    }
  }

  private void dispatch() {
    if (anyData && data.size() > 0) {
      events.add(new Event(name, id, data.toByteArray()));
    }
    data.reset();
    anyData = false;
    name = "";
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }
}
