package dev.threadmill.sandbox;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Finds the marker that ends the output of a call, and passes on what is before it. */
final class MarkedOutput {
  private final byte[] marker;
  private final OutputText text;
  private byte[] held = {};
  private boolean isComplete;

  MarkedOutput(String marker, OutputText text) {
    this.marker = marker.getBytes(StandardCharsets.UTF_8);
    this.text = text;
  }

  /** Whether the marker was found; what comes behind it is ignored. */
  boolean isComplete() {
    return isComplete;
  }

  /** More of the output. */
  void add(byte[] more) {
    if (isComplete) {
      return;
    }
    var bytes = Arrays.copyOf(held, held.length + more.length);
    System.arraycopy(more, 0, bytes, held.length, more.length);
    for (int at = 0; at < bytes.length; at++) {
      if (bytes[at] == marker[0]) {
        int end = Math.min(bytes.length, at + marker.length);
        if (Arrays.equals(bytes, at, end, marker, 0, end - at)) {
          text.add(bytes, 0, at);
          isComplete = end - at == marker.length;
          held = isComplete ? new byte[0] : Arrays.copyOfRange(bytes, at, bytes.length);
          return;
        }
      }
    }
    held = new byte[0];
    text.add(bytes, 0, bytes.length);
  }

  /** The output has ended: what looked like the beginning of the marker was output. */
  void end() {
    text.add(held, 0, held.length);
    held = new byte[0];
    isComplete = true;
  }
}
