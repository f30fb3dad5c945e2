package dev.threadmill.egress;

import io.netty.buffer.Unpooled;
import io.vertx.core.buffer.Buffer;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The body of a request: written once, sent as often as needed. It is kept in chunks, so that a
 * large body is never copied as a whole.
 */
public final class RequestBody extends OutputStream {
  private static final int FIRST_CAPACITY = 2 * 1024;
  private static final int CHUNK = 128 * 1024;

  private final List<byte[]> full = new ArrayList<>();
  private byte[] last = new byte[FIRST_CAPACITY];
  private int used;

  /** A body of these bytes. */
  public static RequestBody of(byte[] bytes) {
    var body = new RequestBody();
    body.write(bytes, 0, bytes.length);
    return body;
  }

  @Override
  public void write(int value) {
    write(new byte[] {(byte) value}, 0, 1);
  }

  @Override
  public void write(byte[] bytes, int from, int length) {
    int written = 0;
    while (written < length) {
      ensureCapacity(length - written);
      int some = Math.min(length - written, last.length - used);
      System.arraycopy(bytes, from + written, last, used, some);
      used += some;
      written += some;
    }
  }

  private void ensureCapacity(int wanted) {
    if (used == CHUNK) {
      full.add(last);
      last = new byte[CHUNK];
      used = 0;
    } else if (used + wanted > last.length && last.length < CHUNK) {
      last = Arrays.copyOf(last, Math.clamp(Math.max(used + wanted, 2L * last.length), 0, CHUNK));
    }
  }

  /** The length in bytes. */
  public long length() {
    return (long) full.size() * CHUNK + used;
  }

  /** The number of chunks, at least 1. */
  int chunks() {
    return full.size() + 1;
  }

  /** The chunk at this index, from 0, without a copy. */
  Buffer chunk(int index) {
    return Buffer.buffer(
        index < full.size()
            ? Unpooled.wrappedBuffer(full.get(index))
            : Unpooled.wrappedBuffer(last, 0, used));
  }
}
