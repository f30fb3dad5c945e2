package dev.threadmill.sandbox;

import dev.threadmill.api.StorableText;
import dev.threadmill.sandbox.SandboxSession.OutputListener;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * The output of a call as text. Of a long output the beginning is passed on while the code runs and
 * the end is added when it has ended: the end has the traceback.
 */
final class OutputText {
  private static final int CHUNK = 8192;

  private final OutputListener listener;
  private final int maxHead;
  private final int maxTail;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPLACE)
          .onUnmappableCharacter(CodingErrorAction.REPLACE);
  private final StringBuilder head = new StringBuilder();
  private final StringBuilder tail = new StringBuilder();
  private byte[] rest = {};
  private long left;

  /**
   * @param max how many characters are kept
   */
  OutputText(OutputListener listener, int max) {
    this.listener = listener;
    this.maxHead = max - max / 4;
    this.maxTail = max / 4;
  }

  /** How many characters were left out. */
  long left() {
    return left;
  }

  /** More output, as bytes. */
  void add(byte[] bytes, int from, int to) {
    for (int start = from; start < to; start += CHUNK) {
      decode(bytes, start, Math.min(to, start + CHUNK), false);
    }
  }

  private void decode(byte[] bytes, int from, int to, boolean isEnd) {
    var in = ByteBuffer.allocate(rest.length + to - from);
    in.put(rest).put(bytes, from, to - from).flip();
    var out = CharBuffer.allocate(in.remaining() + 4);
    decoder.decode(in, out, isEnd);
    if (isEnd) {
      decoder.flush(out);
    }
    rest = new byte[in.remaining()];
    in.get(rest);
    add(StorableText.of(out.flip().toString()));
  }

  /** More output, as text. */
  void add(String text) {
    if (text.isEmpty()) {
      return;
    }
    int room = tail.isEmpty() && left == 0 ? maxHead - head.length() : 0;
    int fits = Math.min(room, text.length());
    if (fits > 0 && Character.isHighSurrogate(text.charAt(fits - 1))) {
      fits--;
    }
    if (fits > 0) {
      head.append(text, 0, fits);
      listener.onOutput(text.substring(0, fits));
    }
    tail.append(text, fits, text.length());
    if (tail.length() > 2 * maxTail + CHUNK) {
      shorten();
    }
  }

  private void shorten() {
    int cut = tail.length() - maxTail;
    if (cut > 0) {
      if (Character.isLowSurrogate(tail.charAt(cut))) {
        cut++;
      }
      tail.delete(0, cut);
      left += cut;
    }
  }

  /** The whole output, once there is no more. */
  String complete() {
    decode(new byte[0], 0, 0, true);
    shorten();
    if (left > 0) {
      listener.onOutput("\n[%d characters of output are left out.]\n".formatted(left));
      head.append("\n[%d characters of output are left out.]\n".formatted(left));
    }
    if (!tail.isEmpty()) {
      listener.onOutput(tail.toString());
      head.append(tail);
    }
    return head.toString();
  }
}
