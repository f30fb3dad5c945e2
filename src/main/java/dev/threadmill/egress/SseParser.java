package dev.threadmill.egress;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Queue;

/**
 * Parses server-sent events from bytes that may be split anywhere, also inside a character. Lines
 * end in LF, CR or both. An event without a {@code data} field is not dispatched.
 */
public final class SseParser {
  private static final byte[] BYTE_ORDER_MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

  private final int maxBytes;
  private final Queue<Event> events = new ArrayDeque<>();
  private final ByteArrayOutputStream line = new ByteArrayOutputStream(256);
  private final ByteArrayOutputStream data = new ByteArrayOutputStream(512);
  private boolean anyData;
  private boolean afterCr;
  private boolean firstLine = true;
  private String name = "";
  private String id = "";
  private boolean anyId;

  /**
   * One event.
   *
   * @param name empty if it has none
   * @param id the last id of the stream so far; empty if there was none
   * @param hasId whether the id is one of this event
   * @param data UTF-8, possibly empty
   */
  public record Event(String name, String id, boolean hasId, byte[] data) {
    /** Whether the data is exactly this text. */
    public boolean is(String text) {
      return Arrays.equals(data, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The data as text. */
    public String text() {
      return new String(data, StandardCharsets.UTF_8);
    }
  }

  /** A line, or the data of an event, is longer than allowed. */
  public static final class LineTooLongException extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /**
   * @param maxBytes the most bytes of a line, and of the data of an event
   */
  public SseParser(int maxBytes) {
    this.maxBytes = maxBytes;
  }

  /** Adds bytes. Events that they complete are returned by {@link #next}. */
  public void feed(byte[] bytes) throws LineTooLongException {
    feed(bytes, bytes.length);
  }

  /** Adds the first bytes of an array. */
  public void feed(byte[] bytes, int length) throws LineTooLongException {
    int from = 0;
    if (afterCr && length > 0) {
      afterCr = false;
      from = bytes[0] == '\n' ? 1 : 0;
    }
    for (int at = from; at < length; at++) {
      byte b = bytes[at];
      if (b != '\n' && b != '\r') {
        continue;
      }
      take(bytes, from, at);
      endOfLine();
      if (b == '\r') {
        if (at + 1 == length) {
          afterCr = true;
        } else if (bytes[at + 1] == '\n') {
          at++;
        }
      }
      from = at + 1;
    }
    take(bytes, from, length);
  }

  /** The next event; null if none is complete. */
  public Event next() {
    return events.poll();
  }

  /** Ends the stream: an event without a blank line behind it counts. */
  public void end() {
    if (line.size() > 0) {
      endOfLine();
    }
    dispatch();
  }

  private void take(byte[] bytes, int from, int to) throws LineTooLongException {
    if (line.size() + (to - from) > maxBytes || data.size() > maxBytes) {
      throw new LineTooLongException();
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
      case "id" -> {
        id = new String(bytes, value, bytes.length - value, StandardCharsets.UTF_8);
        anyId = true;
      }
      default -> {}
    }
  }

  private void dispatch() {
    if (anyData) {
      events.add(new Event(name, id, anyId, data.toByteArray()));
    }
    data.reset();
    anyData = false;
    anyId = false;
    name = "";
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }
}
